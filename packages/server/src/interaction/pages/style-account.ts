/** Rules for the account centre: a rail of links beside the cards, and above them where there is no room. Part of the one stylesheet. */
export const ACCOUNT_STYLE: string = `.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 0.5rem; z-index: 1; padding: 0.5rem 0.75rem; background: var(--sheet); }
.top { border-bottom: 1px solid var(--line); background: var(--sheet); }
.top-in, .span, .centre .foot { width: 100%; max-width: 62rem; margin-left: auto; margin-right: auto; padding-left: 1.25rem; padding-right: 1.25rem; }
.top-in { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0.25rem 1.5rem; min-height: 3.75rem; padding-top: 0.5rem; padding-bottom: 0.5rem; }
.home { display: flex; align-items: center; gap: 0.625rem; color: var(--title); font-family: var(--serif); font-size: 1.125rem; text-decoration: none; }
.home:hover { color: var(--title); }
.home .mark { height: 1.5rem; }
.who { display: flex; align-items: baseline; gap: 1rem; min-width: 0; margin: 0; font-size: 0.9375rem; }
.who bdi { overflow: hidden; max-width: 16rem; color: var(--faded); text-overflow: ellipsis; white-space: nowrap; }
.who a { flex: none; }
.span { flex: 1 0 auto; padding-bottom: 2.5rem; }
.rail { margin: 0.75rem 0 0; }
.rail ul { display: flex; flex-wrap: wrap; gap: 0 1.125rem; margin: 0; padding: 0; list-style: none; }
.rail a { display: block; padding: 0.4375rem 0; color: var(--faded); font-size: 0.9375rem; text-decoration: none; border-bottom: 2px solid transparent; }
.rail a:hover { color: var(--ink); }
.rail [aria-current] { border-bottom-color: var(--accent); color: var(--ink); font-weight: 600; }
.body { min-width: 0; margin-top: 1.25rem; }
.body > h1 + .lead { max-width: 38rem; }
.body > .back { margin: 0 0 0.5rem; font-size: 0.9375rem; }
.centre .foot { padding-top: 1rem; padding-bottom: 1.5rem; }
.centre .card form:not(.bare) .acts { margin-top: 1.25rem; }
.centre .card .acts button, .centre .card .acts .button { flex: 0 1 auto; min-width: 9rem; min-height: 2.75rem; padding: 0.5rem 1rem; }
.centre .card .row-acts button { min-width: 0; }
.centre .facts dt { flex-basis: 9.5rem; }
.centre .facts + p { margin-top: 0.875rem; }
.after-rows { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0.5rem 1.5rem; margin-top: 1rem; padding-top: 1rem; border-top: 1px solid var(--line); }
.after-rows p { flex: 1 1 16rem; margin: 0; }
.after-rows button { flex: none; min-height: 2.5rem; padding: 0.375rem 0.875rem; }
.losses { margin: 0; padding-left: 1.25rem; }
.losses li { padding: 0.125rem 0; }
.centre .card .acts .quiet { min-width: 0; padding-left: 0.75rem; padding-right: 0.75rem; }
fieldset { margin: 1.75rem 0 0; padding: 1.25rem 0 0; border: 0; border-top: 1px solid var(--line); }
legend { float: left; width: 100%; padding: 0; font-weight: 600; }
legend + label { clear: both; padding-top: 0.75rem; }
.card > .facts:first-of-type { margin-top: 0.75rem; border-top: 0; padding-top: 0; }
.pair { display: flex; flex-wrap: wrap; gap: 0 1rem; }
.pair > * { flex: 1 1 14rem; }
.pair > div { margin-top: 1.125rem; }
.pair > div > label { margin-top: 0; }
.todo { margin: 0.75rem 0 0; padding: 0; list-style: none; }
.todo li { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0.125rem 1.5rem; padding: 0.625rem 0; border-top: 1px solid var(--line); }
.todo li:last-child { padding-bottom: 0; }
.todo span { flex: 1 1 16rem; }
.todo a { flex: none; font-weight: 500; }
.events { margin: 1rem 0 0; padding: 0; list-style: none; }
.events li { display: flex; flex-wrap: wrap; gap: 0 1rem; padding: 0.625rem 0; border-top: 1px solid var(--line); }
.events time { flex: 0 0 11rem; color: var(--faded); font-size: 0.875rem; line-height: 1.7; }
.events div { flex: 1 1 14rem; min-width: 0; }
.events p { margin: 0; overflow-wrap: anywhere; }
.events .small { color: var(--faded); }
@media (min-width: 56em) {
  .top-in, .span, .centre .foot { padding-left: 2rem; padding-right: 2rem; }
  .span { display: flex; align-items: flex-start; gap: 3rem; padding-top: 2.5rem; }
  .rail { flex: none; width: 11rem; margin: 0.375rem 0 0; position: sticky; top: 2rem; }
  .rail ul { display: block; }
  .rail a { padding: 0.375rem 0.875rem; border-bottom: 0; border-left: 2px solid var(--line); }
  .rail [aria-current] { border-left-color: var(--accent); }
  .body { flex: 1 1 auto; max-width: 42rem; margin-top: 0; }
  .card { padding: 1.75rem 2rem 1.875rem; }
}
@media (max-width: 30em) {
  .row-more { padding-left: 0; }
  .row-acts { flex: 1 0 100%; padding-left: 3.375rem; }
  .card { margin-left: -0.25rem; margin-right: -0.25rem; padding: 1.25rem 1rem 1.375rem; }
  .events time { flex-basis: 100%; }
}`;
