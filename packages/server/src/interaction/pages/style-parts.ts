/** Rules for what the pages are made of (`parts/`): fields, notices, cards, rows, codes. Part of the one stylesheet. */
export const PARTS_STYLE: string = `select {
  display: block;
  width: 100%;
  height: 3rem;
  margin-top: 0.375rem;
  padding: 0 0.75rem;
  border: 1px solid var(--field);
  border-radius: 4px;
  background: var(--field-ground);
  color: var(--ink);
  font: inherit;
  font-size: 1rem;
}
select:focus-visible { border-color: var(--accent); outline: 2px solid var(--accent); outline-offset: 0; border-radius: 4px; }
input[type=url], input[type=tel], input[type=date] {
  display: block;
  width: 100%;
  height: 3rem;
  margin-top: 0.375rem;
  padding: 0 0.875rem;
  border: 1px solid var(--field);
  border-radius: 4px;
  background: var(--field-ground);
  color: var(--ink);
  font: inherit;
  font-size: 1rem;
}
input.digits { letter-spacing: 0.2em; text-transform: none; }
.check { position: relative; margin-top: 1.125rem; padding-left: 1.875rem; }
.check input { position: absolute; left: 0; top: 0.25rem; width: 1.125rem; height: 1.125rem; margin: 0; accent-color: var(--accent-fill); }
.check label { margin: 0; font-weight: 400; }
.choices legend { margin-bottom: 0.75rem; }
.choices .check, .choices .shown { clear: both; }
.choices .shown { margin-top: 1.125rem; }
.choices label, .choices .shown span { display: flex; gap: 0.5rem; overflow-wrap: anywhere; }
.choices .picture { flex: none; }
.choices .hint { margin-top: 0; padding-left: 2rem; }
.revealing { position: relative; }
.revealing input { padding-right: 5rem; }
.revealing .reveal { position: absolute; right: 0.25rem; bottom: 0.25rem; flex: none; min-height: 2.5rem; padding: 0 0.75rem; border: 0; background: var(--field-ground); color: var(--accent); font-size: 0.875rem; font-weight: 500; }
.revealing .reveal:hover { color: var(--ink); background: var(--wash); }

.note { margin: 1.25rem 0 0; padding: 0.75rem 0.875rem; border-left: 3px solid var(--line); background: var(--wash); }
.note p { margin: 0; }
.note .note-act { margin-top: 0.375rem; font-size: 0.9375rem; font-weight: 500; }
.note-done { border-left-color: var(--accent); }
.note-attention, .note-problem { border-left-color: var(--bronze); }

.card { margin-top: 1.25rem; padding: 1.5rem 1.5rem 1.625rem; background: var(--sheet); border: 1px solid var(--line); border-radius: 4px; }
.card h2 { margin: 0; color: var(--title); font-family: var(--serif); font-size: 1.25rem; line-height: 1.3; }
.card > .lead { margin-top: 0.25rem; font-size: 0.9375rem; }
.card > p:last-child { margin-bottom: 0; }
.card-destroy h2 { color: var(--destroy); }
.empty { margin-top: 1rem; padding: 1.25rem 1rem; border: 1px dashed var(--line); border-radius: 4px; color: var(--faded); text-align: center; }
.empty p { margin: 0; }
.empty p + p { margin-top: 0.375rem; }

.rows { margin: 1rem 0 0; padding: 0; list-style: none; }
.row { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 0.5rem 0.875rem; padding: 0.875rem 0; border-top: 1px solid var(--line); }
.row:last-child { padding-bottom: 0; }
.row-mark { flex: none; display: flex; align-items: center; justify-content: center; width: 2.5rem; height: 2.5rem; border-radius: 4px; background: var(--wash); color: var(--title); }
.row-mark .client-logo { width: 2.5rem; height: 2.5rem; font-size: 1.25rem; }
.row-main { flex: 1 1 12rem; min-width: 0; }
.row-name, .row-line { margin: 0; overflow-wrap: anywhere; }
.row-name { line-height: 1.4; }
.row-line { color: var(--faded); font-size: 0.875rem; line-height: 1.5; }
.row-acts { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.row-acts form { margin: 0; display: flex; }
.row-more { flex: 1 0 100%; margin-top: -0.375rem; padding-left: 3.375rem; }
.row-acts button, .row-acts .button, .inline button, .inline .button {
  flex: none;
  min-height: 2.25rem;
  padding: 0.3125rem 0.75rem;
  border-color: var(--line);
  font-size: 0.875rem;
  font-weight: 500;
  line-height: 1.5;
}
.row-acts button.destroy, .row-acts .button.destroy { border-color: var(--line); background: transparent; color: var(--destroy); }
.row-acts button:hover, .row-acts .button:hover, .row-acts button.destroy:hover, .row-acts .button.destroy:hover { border-color: currentColor; background: var(--wash); }
.inline { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: flex-end; }
.inline .grow { flex: 1 1 12rem; }
.inline input[type=text] { height: 2.5rem; margin-top: 0.25rem; }
.inline label { margin-top: 0; font-size: 0.875rem; }
.inline button { min-height: 2.5rem; }
.picture { display: block; }
.tag { display: inline-block; margin-left: 0.25rem; padding: 0 0.375rem; border: 1px solid var(--line); border-radius: 3px; color: var(--faded); font-size: 0.75rem; font-weight: 500; line-height: 1.5; vertical-align: 0.0625rem; white-space: nowrap; }
.tag-here, .tag-good { border-color: var(--accent); color: var(--accent); }
.tag-warn { border-color: var(--bronze); color: var(--ink); }
.fold { margin-top: 0.25rem; font-size: 0.875rem; }
.fold summary { display: inline-block; padding: 0.125rem 0; color: var(--accent); cursor: pointer; }
.fold summary::marker { content: ""; }
.fold summary::-webkit-details-marker { display: none; }
.fold summary::before { content: ""; display: inline-block; width: 0.375rem; height: 0.375rem; margin: 0 0.5rem 0.125rem 0.125rem; border: solid currentColor; border-width: 0 1.5px 1.5px 0; transform: rotate(-45deg); }
.fold[open] summary::before { transform: rotate(45deg); }
.fold summary:hover { color: var(--ink); }
.fold-body { padding: 0.375rem 0 0.25rem; }
.fold-body > :first-child { margin-top: 0; }
.fold .fold-body h2 { margin: 0.875rem 0 0.25rem; color: var(--faded); font-family: var(--sans); font-size: 0.8125rem; }
.fold .fold-body > h2:first-child { margin-top: 0.25rem; }
.fold .facts { border-top: 0; margin-top: 0; padding-top: 0; }

.codes { display: flex; flex-wrap: wrap; margin: 1rem 0 0; padding: 0.75rem 1rem; border: 1px solid var(--line); border-radius: 4px; background: var(--wash); list-style: none; }
.codes li { flex: 1 0 11rem; padding: 0.1875rem 0; }
.codes code { font-size: 1.0625rem; letter-spacing: 0.08em; -webkit-user-select: all; user-select: all; }
.qr { display: block; width: 13rem; max-width: 100%; height: auto; margin: 1rem 0 0; border-radius: 4px; }
.copying { display: flex; margin-top: 0.5rem; }
.copying button, .inline-act { flex: none; min-height: 2.25rem; padding: 0.3125rem 0.75rem; border-color: var(--line); font-size: 0.875rem; font-weight: 500; }
.or { display: flex; align-items: center; gap: 0.75rem; margin: 1.5rem 0 0; color: var(--faded); font-size: 0.875rem; }
.or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
.or + .acts, .or + form .acts { margin-top: 1rem; }
.with { position: relative; padding-left: 3rem; padding-right: 3rem; font-weight: 500; }
.with-letter { position: absolute; left: 0.75rem; top: 50%; width: 1.625rem; height: 1.625rem; margin-top: -0.8125rem; border-radius: 50%; background: var(--wash); color: var(--title); font-family: var(--serif); font-size: 0.875rem; line-height: 1.625rem; }
.ways { margin-top: 1.625rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 0.9375rem; }
.ways-heading { margin: 0; color: var(--faded); font-size: 0.875rem; }
.ways ul { margin: 0.25rem 0 0; padding: 0; list-style: none; }
.ways li { padding: 0.1875rem 0; }
.tabs ul { display: flex; flex-wrap: wrap; gap: 0 1.25rem; margin: 1.25rem 0 0; padding: 0; border-bottom: 1px solid var(--line); list-style: none; }
.tabs a { display: block; padding: 0.5rem 0; color: var(--faded); text-decoration: none; }
.tabs [aria-current] { margin-bottom: -1px; border-bottom: 2px solid var(--accent); color: var(--ink); font-weight: 500; }

.steps { margin: 1.25rem 0 0; padding: 0; list-style: none; counter-reset: step; }
.card .steps { margin-top: 0.25rem; }
.steps > li { position: relative; padding: 0 0 1.25rem 2.375rem; counter-increment: step; }
.steps > li:last-child { padding-bottom: 0; }
.steps > li::before { content: counter(step); position: absolute; left: 0; top: 0; width: 1.625rem; height: 1.625rem; border: 1px solid var(--field); border-radius: 50%; color: var(--title); font-family: var(--serif); font-size: 0.9375rem; line-height: 1.5rem; text-align: center; }
.steps > li > div > :first-child { margin-top: 0; }
.preview { display: block; width: 100%; height: 32rem; margin-top: 0.375rem; border: 1px solid var(--line); border-radius: 4px; background: #fff; }
.plain { margin: 0.375rem 0 0; padding: 0.875rem 1rem; border: 1px solid var(--line); border-radius: 4px; background: var(--wash); font-family: var(--mono); font-size: 0.8125rem; line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere; }
input[hidden] { display: none; }
.told-code { margin-top: 1rem; padding: 0.75rem 1rem; border: 1px solid var(--line); border-radius: 4px; background: var(--wash); -webkit-user-select: all; user-select: all; }
.other + .other { margin-top: 0.625rem; }
`;
