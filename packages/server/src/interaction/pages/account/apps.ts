import { type AccountPageView, accountLayout } from '../account-layout.ts';
import { type ConsentView, permissions } from '../consent.ts';
import { displayText } from '../display-text.ts';
import { readPath } from '../href.ts';
import { type Html, html } from '../html.ts';
import { messagesFor } from '../messages/locale.ts';
import type { Messages } from '../messages/messages.ts';
import { actForm } from '../parts/buttons.ts';
import { card, emptyState } from '../parts/card.ts';
import { letterMark } from '../parts/marks.ts';
import { notice } from '../parts/notice.ts';
import { facts, fold, rows, tag } from '../parts/rows.ts';
import { ago, type Moment, onDay } from '../parts/when.ts';
import { type OutcomeView, outcomeNotice } from './outcome.ts';

export interface AppsView extends AccountPageView {
  readonly moment: Moment;
  readonly csrf: string;
  readonly apps: readonly AppView[];
  /** How many more there are. */
  readonly more: number;
  readonly outcome: OutcomeView | undefined;
  /** The name of an app whose access has just been removed. */
  readonly removed?: string | undefined;
}

/** An app that has access, by consent or by a live grant. */
export interface AppView extends Pick<ConsentView, 'identity' | 'apis' | 'offlineAccess'> {
  readonly clientId: string;
  /** Its own word; '' where it has none, or is no longer registered. */
  readonly name: string;
  /** A path on our own origin to our copy of its logo. */
  readonly logoSrc: string | undefined;
  /** Where its answers go, or its id: a name can be copied, this cannot. */
  readonly place: string;
  /** It described itself: dynamic registration, or a document at its address (RFC 7591 §5). */
  readonly isUnregistered: boolean;
  readonly since: number;
  /** The last time that a token of it was made, to the refresh. */
  readonly usedAt: number;
  /** Names of devices that it is connected on. */
  readonly devices: readonly string[];
  /** Types of what was granted in detail (RFC 9396). */
  readonly details: readonly string[];
}

const MAX_NAME = 60;
const MAX_PLACE = 120;

/** The connected apps: what each may do, since when, when it was last used, and a button that takes it away. Each posts `client_id` with `csrf`. */
export function appsPage(view: AppsView): string {
  const messages = messagesFor(view.locale);
  const words = messages.account;
  const body =
    view.apps.length === 0
      ? emptyState(`${words.noApps} ${words.appsPage.none}`)
      : html`${rows(view.apps.map((app) => appRow(app, view, messages)))}
${view.more > 0 && html`<p class="small faded">${words.appsPage.more(view.more)}</p>`}`;
  const main = html`${outcomeNotice(view.outcome, messages)}${view.removed !== undefined && notice('done', words.removed(displayText(view.removed, MAX_NAME)), { id: 'account-removed' })}
${card({ heading: words.apps, id: 'apps', lead: words.removeMeaning, body })}`;
  return accountLayout(view, { page: 'account-apps', side: 'apps', title: words.sides.apps, lead: words.appsPage.lead, main });
}

function appRow(app: AppView, view: AppsView, messages: Messages): Parameters<typeof rows>[0][number] {
  const words = messages.account;
  const name = appName(app, messages);
  const button = { label: words.remove, kind: 'destroy', spoken: words.removeApp(name) } as const;
  return {
    name,
    mark: appMark(app, name),
    tags: appTags(app, messages),
    lines: [
      html`<bdi>${displayText(app.place, MAX_PLACE)}</bdi>`,
      html`${words.appsPage.since(onDay(app.since))} · ${words.appsPage.lastUsed(ago(app.usedAt, view.moment, messages))}`,
      app.isUnregistered ? words.appsPage.unregisteredMeaning : undefined,
      app.offlineAccess ? words.appsPage.offlineMeaning : undefined,
    ],
    acts: [actForm({ action: view.hrefOf('/account/apps'), csrf: view.csrf, fields: { client_id: app.clientId }, button })],
    more: fold(words.appsPage.may, mayDo(app, messages)),
  };
}

const MAX_DEVICES = 10;
const MAX_DETAILS = 10;

function mayDo(app: AppView, messages: Messages): Html {
  const words = messages.account.appsPage;
  const devices = app.devices.slice(0, MAX_DEVICES).map((device) => displayText(device, MAX_NAME));
  const details = app.details.slice(0, MAX_DETAILS).map((type) => html`<code>${displayText(type, MAX_NAME)}</code> `);
  return html`${permissions(app, messages)}
${
  (details.length > 0 || devices.length > 0) &&
  facts([
    ['authorization_details', details.length === 0 ? undefined : html`${details}`],
    [words.signedInOn, devices.length === 0 ? undefined : html`<bdi>${devices.join(' · ')}</bdi>`],
  ])
}`;
}

/** What it is called on a page; never empty. */
export function appName({ name, clientId }: Pick<AppView, 'name' | 'clientId'>, messages: Messages): string {
  return displayText(name, MAX_NAME) || displayText(clientId, MAX_NAME) || messages.account.appsPage.gone;
}

/** Its logo, or the first letter of its name. */
export function appMark({ logoSrc }: Pick<AppView, 'logoSrc'>, name: string): Html {
  const logo = logoSrc === undefined ? undefined : readPath(logoSrc);
  return logo ? html`<img class="client-logo" src="${logo}" alt="" width="40" height="40">` : letterMark(name);
}

export function appTags(app: Pick<AppView, 'isUnregistered' | 'offlineAccess'>, messages: Messages): readonly (Html | undefined)[] {
  const words = messages.account.appsPage;
  return [app.isUnregistered ? tag(words.unregistered, 'warn') : undefined, app.offlineAccess ? tag(words.offline) : undefined];
}
