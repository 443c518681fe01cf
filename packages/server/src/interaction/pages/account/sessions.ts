import type { DeviceType } from '@hufu/store/port';
import { type AccountPageView, accountLayout } from '../account-layout.ts';
import { displayText } from '../display-text.ts';
import { type Html, html } from '../html.ts';
import { messagesFor } from '../messages/locale.ts';
import type { Messages } from '../messages/messages.ts';
import { actForm, linkButton } from '../parts/buttons.ts';
import { card } from '../parts/card.ts';
import { pictureOf } from '../parts/marks.ts';
import { fold, rows, tag } from '../parts/rows.ts';
import { ago, type Moment, onDay } from '../parts/when.ts';
import { type OutcomeView, outcomeNotice } from './outcome.ts';
import { MAX_THING_NAME, renameForm } from './security.ts';

export interface SessionsView extends AccountPageView {
  readonly moment: Moment;
  readonly csrf: string;
  readonly outcome: OutcomeView | undefined;
  /** This one first, then the one that was seen last. */
  readonly signedIn: readonly DeviceView[];
  readonly before: readonly DeviceView[];
  readonly hasPlaces: boolean;
}

/** A browser, or something else that somebody has signed in with. */
export interface DeviceView {
  /** Names it to this session alone. */
  readonly thing: string;
  /** `session`: one that has no device, of a version before. */
  readonly kind: 'device' | 'session';
  readonly name: string;
  readonly type: DeviceType;
  /** A label of our own (`Firefox 140 on Linux`), or what a session of the version before said of itself. */
  readonly agent: string;
  readonly place: string | undefined;
  readonly seenAt: number;
  /** The latest sign-in there; undefined where none lives. */
  readonly signedInAt: number | undefined;
  readonly isThis: boolean;
  /** Until when no second factor is asked there; undefined where it is. */
  readonly trustedUntil: number | undefined;
  /** Apps that are connected there. */
  readonly apps: number;
}

/**
 * Where somebody is signed in. It posts `act` = `sign_out` | `forget` | `distrust` | `rename` with `kind`, `thing` and `csrf`, or `act` = `sign_out_others`.
 */
export function sessionsPage(view: SessionsView): string {
  const messages = messagesFor(view.locale);
  const words = messages.account.sessions;
  const others = view.signedIn.some(({ isThis }) => !isThis);
  const signOutOthers = html`<p class="small faded">${words.signOutOthersMeaning}</p>
${actForm({ action: view.hrefOf('/account/sessions'), csrf: view.csrf, fields: { act: 'sign_out_others' }, button: { label: words.signOutOthers, kind: 'plain', id: 'sign-out-others' } })}`;
  const main = html`${outcomeNotice(view.outcome, messages)}
${card({
  heading: words.signedIn,
  id: 'signed-in',
  body: html`${rows(view.signedIn.map((device) => deviceRow(device, view, messages)))}
${others && html`<div class="after-rows">${signOutOthers}</div>`}
${view.hasPlaces && html`<p class="small faded">${words.placeMeaning}</p>`}`,
})}
${view.before.length > 0 && card({ heading: words.before, id: 'before', lead: words.beforeLead, body: rows(view.before.map((device) => deviceRow(device, view, messages))) })}`;
  return accountLayout(view, {
    page: 'account-sessions',
    side: 'sessions',
    title: messages.account.sides.sessions,
    lead: words.lead,
    main,
  });
}

function deviceRow(device: DeviceView, view: SessionsView, messages: Messages): Parameters<typeof rows>[0][number] {
  const words = messages.account.sessions;
  const name = displayText(device.name, MAX_THING_NAME) || displayText(device.agent, MAX_THING_NAME) || words.unnamed;
  const agent = displayText(device.agent, 120);
  const place = displayText(device.place ?? '', 60);
  const when = [
    words.seen(ago(device.seenAt, view.moment, messages)),
    ...(device.signedInAt === undefined ? [] : [html`${words.signedInAt(ago(device.signedInAt, view.moment, messages))}`]),
  ];
  return {
    name,
    mark: pictureOf(device.type),
    tags: [device.isThis ? tag(words.thisDevice, 'here') : undefined, device.trustedUntil === undefined ? undefined : tag(words.trusted)],
    lines: [
      html`${agent !== name && html`<bdi>${agent}</bdi>`}${agent !== name && agent !== '' && place !== '' && ' · '}${place !== '' && html`<bdi>${place}</bdi>`}`,
      html`${when[0]}${when[1] && html` · ${when[1]}`}`,
      device.apps > 0 ? words.appsHere(device.apps) : undefined,
      device.trustedUntil === undefined ? undefined : words.trustedUntil(onDay(device.trustedUntil)),
    ],
    acts: actsOf(device, name, view, messages),
    more:
      device.kind === 'device'
        ? fold(words.rename, renameForm({ view, action: '/account/sessions', thing: device.thing, name, label: words.name }, messages))
        : undefined,
  };
}

function actsOf(device: DeviceView, name: string, view: SessionsView, messages: Messages): readonly (Html | undefined)[] {
  const words = messages.account.sessions;
  const form = (act: string, label: string, spoken: string, kind: 'plain' | 'destroy' = 'plain'): Html =>
    actForm({
      action: view.hrefOf('/account/sessions'),
      csrf: view.csrf,
      fields: { act, kind: device.kind, thing: device.thing },
      button: { label, spoken, kind },
    });
  const isIn = device.signedInAt !== undefined || device.apps > 0;
  const out = device.isThis
    ? linkButton({
        label: words.signOut,
        spoken: words.signOutNamed(words.thisDevice),
        href: view.hrefOf('/oauth/logout'),
        kind: 'destroy',
      })
    : isIn
      ? form('sign_out', words.signOut, words.signOutNamed(name), 'destroy')
      : form('forget', words.forget, words.forgetNamed(name));
  return [device.trustedUntil === undefined ? undefined : form('distrust', words.distrust, words.distrustNamed(name)), out];
}
