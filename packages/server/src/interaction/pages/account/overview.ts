import { type AccountPageView, accountLayout } from '../account-layout.ts';
import { userName } from '../consent.ts';
import { displayText } from '../display-text.ts';
import { requirePath } from '../href.ts';
import { type Html, html } from '../html.ts';
import { messagesFor } from '../messages/locale.ts';
import type { Messages } from '../messages/messages.ts';
import { actForm } from '../parts/buttons.ts';
import { card, emptyState } from '../parts/card.ts';
import { notice } from '../parts/notice.ts';
import { facts, rows, tag } from '../parts/rows.ts';
import { ago, type Moment } from '../parts/when.ts';
import { type AppView, appMark, appName, appTags } from './apps.ts';

export interface OverviewView extends AccountPageView {
  readonly moment: Moment;
  readonly csrf: string;
  readonly todo: readonly Todo[];
  readonly email: { readonly address: string; readonly isVerified: boolean } | undefined;
  readonly signIn: {
    /** When it was last changed; undefined where there is none. */
    readonly passwordChangedAt: number | undefined;
    readonly totp: number;
    readonly passkeys: number;
    /** Undefined where there is no factor that they stand in for. */
    readonly recoveryCodes: number | undefined;
    readonly devices: number;
  };
  /** The latest; there may be more. */
  readonly apps: readonly AppView[];
  readonly appCount: number;
  /** The name of an app whose access has just been removed. */
  readonly removed?: string | undefined;
}

/** What somebody should look at, and where. */
export type Todo =
  | { readonly kind: 'approvals'; readonly count: number }
  | { readonly kind: 'second_factor' }
  | { readonly kind: 'recovery_codes'; readonly left: number }
  | { readonly kind: 'email_unverified' | 'no_email' };

const MAX_NAME = 60;
const MAX_EMAIL = 254;

/** Who is signed in, what they should look at, and which apps have access. It posts `client_id` with `csrf`. */
export function overviewPage(view: OverviewView): string {
  const messages = messagesFor(view.locale);
  const words = messages.account;
  const main = html`${view.removed !== undefined && notice('done', words.removed(displayText(view.removed, MAX_NAME)), { id: 'account-removed' })}
${view.todo.length > 0 && card({ heading: words.overview.attention, id: 'attention', body: html`<ul class="todo">${view.todo.map((one) => todoItem(one, view, messages))}</ul>` })}
${aboutYou(view, messages)}
${signIn(view, messages)}
${apps(view, messages)}`;
  const lead = html`${messages.logout.signedInAs(userName(view.user, messages))}${view.todo.length === 0 && html` ${words.overview.allWell}`}`;
  return accountLayout(view, { page: 'account', side: 'overview', title: words.heading, lead, main });
}

function todoItem(todo: Todo, view: OverviewView, messages: Messages): Html {
  const words = messages.account.overview;
  const item = (sentence: string, path: string, label: string, id?: string): Html =>
    html`<li><span>${sentence}</span> <a href="${requirePath(view.hrefOf(path))}" id="${id ?? `todo-${todo.kind}`}">${label}</a></li>
`;
  switch (todo.kind) {
    case 'approvals':
      return item(words.approvalsWait(todo.count), '/account/approvals', words.answerThem, 'account-approvals');
    case 'second_factor':
      return item(words.noSecondFactor, '/account/security', words.addSecondFactor);
    case 'recovery_codes':
      return item(words.fewCodes(todo.left), '/account/security/recovery-codes', words.newCodes);
    case 'email_unverified':
      return item(words.emailUnverified, '/account/profile#email', words.verifyEmail);
    case 'no_email':
      return item(words.noEmail, '/account/profile#email', words.addEmail);
  }
}

function aboutYou(view: OverviewView, messages: Messages): Html {
  const { overview, profile } = messages.account;
  const { name, username } = view.user;
  const shown = displayText(name ?? '', MAX_NAME);
  const email =
    view.email &&
    html`<bdi>${displayText(view.email.address, MAX_EMAIL)}</bdi> ${view.email.isVerified ? tag(profile.verified, 'good') : tag(profile.unverified, 'warn')}`;
  return card({
    heading: overview.you,
    body: html`${facts([
      [overview.name, shown === '' ? undefined : html`<bdi>${shown}</bdi>`],
      [overview.username, html`<bdi>${displayText(username, MAX_NAME)}</bdi>`],
      [profile.email, email],
    ])}
<p class="small"><a href="${requirePath(view.hrefOf('/account/profile'))}">${overview.editProfile}</a></p>`,
  });
}

function signIn(view: OverviewView, messages: Messages): Html {
  const { overview, security } = messages.account;
  const { passwordChangedAt, totp, passkeys, recoveryCodes, devices } = view.signIn;
  return card({
    heading: overview.howYouSignIn,
    body: html`${facts([
      [
        overview.password,
        passwordChangedAt === undefined ? messages.account.none : overview.changed(ago(passwordChangedAt, view.moment, messages)),
      ],
      [overview.secondFactor, totp === 0 ? messages.account.none : overview.isSet],
      [overview.passkeys, passkeys === 0 ? messages.account.none : html`${passkeys}`],
      [security.recoveryCodes, recoveryCodes === undefined ? undefined : security.codesLeft(recoveryCodes)],
      [overview.devices, html`<a href="${requirePath(view.hrefOf('/account/sessions'))}">${overview.signedInOn(devices)}</a>`],
    ])}
<p class="small"><a href="${requirePath(view.hrefOf('/account/security'))}">${overview.manageSecurity}</a></p>`,
  });
}

function apps(view: OverviewView, messages: Messages): Html {
  const words = messages.account;
  const body =
    view.apps.length === 0
      ? emptyState(words.noApps)
      : html`${rows(view.apps.map((app) => appRow(app, view, messages)))}
<p class="small faded">${words.removeMeaning}</p>
<p class="small"><a id="account-apps" href="${requirePath(view.hrefOf('/account/apps'))}">${words.overview.allApps(view.appCount)}</a></p>`;
  return card({ heading: words.apps, id: 'apps', body });
}

function appRow(app: AppView, view: OverviewView, messages: Messages): Parameters<typeof rows>[0][number] {
  const words = messages.account;
  const name = appName(app, messages);
  const button = { label: words.remove, kind: 'destroy', spoken: words.removeApp(name) } as const;
  return {
    name,
    mark: appMark(app, name),
    tags: appTags(app, messages),
    lines: [words.appsPage.lastUsed(ago(app.usedAt, view.moment, messages))],
    acts: [actForm({ action: view.hrefOf('/account'), csrf: view.csrf, fields: { client_id: app.clientId }, button })],
  };
}
