import type { UserEventKind } from '../../../accounts/user-event-kinds.ts';
import { type AccountPageView, accountLayout } from '../account-layout.ts';
import { displayText } from '../display-text.ts';
import { requirePath } from '../href.ts';
import { type Html, html } from '../html.ts';
import { messagesFor } from '../messages/locale.ts';
import type { Messages } from '../messages/messages.ts';
import { actForm, linkButton } from '../parts/buttons.ts';
import { card, emptyState } from '../parts/card.ts';
import { notice } from '../parts/notice.ts';
import { steps } from '../parts/ways.ts';
import { atTime, type Moment } from '../parts/when.ts';
import { type OutcomeView, outcomeNotice } from './outcome.ts';

export interface ActivityView extends AccountPageView {
  readonly moment: Moment;
  /** Newest first. */
  readonly events: readonly EventView[];
  /** How many are kept. */
  readonly kept: number;
}

export interface EventView {
  readonly at: number;
  readonly kind: string;
  /** What it happened to; '' for nothing that has a name. */
  readonly name: string;
  readonly device: string;
  readonly place: string;
}

const MAX_NAME = 64;

/** What has happened to an account, and the way out for somebody who did not do it. */
export function activityPage(view: ActivityView): string {
  const messages = messagesFor(view.locale);
  const words = messages.account.activity;
  const way = html`<a id="not-me" href="${requirePath(view.hrefOf('/account/activity/not-me'))}">${words.notMe}</a>`;
  const list =
    view.events.length === 0
      ? emptyState(words.none)
      : html`<ol class="events">${view.events.map((event) => item(event, view, messages))}</ol>
<p class="small faded">${words.keeps(view.kept)}</p>`;
  const main = html`${view.events.length > 0 && notice('attention', words.notMeLead, { action: way })}
${card({ heading: messages.account.sides.activity, id: 'events', body: list })}`;
  return accountLayout(view, {
    page: 'account-activity',
    side: 'activity',
    title: messages.account.sides.activity,
    lead: words.lead,
    main,
  });
}

function item({ at, kind, name, device, place }: EventView, view: ActivityView, messages: Messages): Html {
  const words = messages.account.activity;
  const { events } = words;
  const shown = displayText(name, MAX_NAME);
  const sentence = isKnown(kind, events) ? events[kind](shown) : words.other(displayText(kind, MAX_NAME));
  const where = [
    device === '' ? '' : words.device(displayText(device, MAX_NAME)),
    place === '' ? '' : words.place(displayText(place, MAX_NAME)),
  ].filter((part) => part !== '');
  return html`<li>${atTime(at, view.moment, view.locale)}<div><p><bdi>${sentence}</bdi></p>${where.length > 0 && html`<p class="small"><bdi>${where.join(' · ')}</bdi></p>`}</div></li>
`;
}

function isKnown(kind: string, events: Readonly<Record<UserEventKind, unknown>>): kind is UserEventKind {
  return Object.hasOwn(events, kind);
}

export interface NotMeView extends AccountPageView {
  readonly csrf: string;
  readonly outcome: OutcomeView | undefined;
}

/** How to take an account back. It posts `csrf`: everybody else is out. */
export function notMePage(view: NotMeView): string {
  const messages = messagesFor(view.locale);
  const words = messages.account.activity;
  const signOut = actForm({
    action: view.hrefOf('/account/activity/not-me'),
    csrf: view.csrf,
    fields: {},
    id: 'not-me-form',
    button: { label: words.signOutEverywhere, kind: 'destroy', id: 'not-me-sign-out' },
  });
  const list = steps([
    html`<p><strong>${words.stepSignOut}</strong></p><p class="small faded">${words.stepSignOutMeaning}</p><div class="acts">${signOut}</div>`,
    html`<p><strong>${words.stepPassword}</strong></p><p class="small faded">${words.stepPasswordMeaning}</p><div class="acts">${linkButton({ label: messages.account.security.changePassword, href: view.hrefOf('/account/security/password') })}</div>`,
    html`<p><strong>${words.stepLook}</strong></p><p class="small faded">${words.stepLookMeaning}</p><div class="acts">${linkButton({ label: messages.account.sides.security, href: view.hrefOf('/account/security') })}</div>`,
  ]);
  const main = html`${outcomeNotice(view.outcome, messages)}
<section class="card">${list}</section>`;
  return accountLayout(view, {
    page: 'account-not-me',
    side: 'activity',
    title: words.notMeHeading,
    lead: words.notMeWhat,
    main,
    isBelow: true,
  });
}
