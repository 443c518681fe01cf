import { ACCOUNT_SCRIPT_PATH } from './account-script.ts';
import type { UserView } from './consent.ts';
import { displayText } from './display-text.ts';
import { requirePath } from './href.ts';
import { attributes, type Html, html } from './html.ts';
import { brandMark, brandName, foot, type PageName, pageFrame } from './layout.ts';
import type { AccountSide } from './messages/account.ts';
import { messagesFor } from './messages/locale.ts';
import type { PageView } from './page-view.ts';

/** What every page of the account centre is told. */
export interface AccountPageView extends PageView {
  readonly user: UserView;
  /** `hrefOf` makes a path of our own: with the language, where that was chosen in the address. */
  readonly hrefOf: (path: string) => string;
  /** Fresh for each reply; the one that `pageHeaders` got. */
  readonly scriptNonce: string;
}

export interface AccountPageParts {
  readonly page: PageName;
  /** The side that it belongs to, marked in the navigation. */
  readonly side: AccountSide;
  readonly title: string;
  /** Of the page itself, where its title says more. */
  readonly heading?: string | undefined;
  readonly lead?: string | Html | undefined;
  readonly main: Html;
  /** A page below its side leads back there. */
  readonly isBelow?: boolean;
}

/** Where each side is, in the order of the navigation. */
export const ACCOUNT_PATHS: Readonly<Record<AccountSide, string>> = {
  overview: '/account',
  profile: '/account/profile',
  security: '/account/security',
  sessions: '/account/sessions',
  apps: '/account/apps',
  activity: '/account/activity',
  data: '/account/data',
};

const MAX_NAME = 60;

/** The frame of the account centre: who this is and the way out, the sides, and one of them. */
export function accountLayout(view: AccountPageView, parts: AccountPageParts): string {
  const messages = messagesFor(view.locale);
  const words = messages.account;
  const name = displayText(view.user.name ?? '', MAX_NAME) || displayText(view.user.username, MAX_NAME);
  return pageFrame(view, {
    page: parts.page,
    title: parts.title,
    className: 'centre',
    script: { path: ACCOUNT_SCRIPT_PATH, nonce: view.scriptNonce },
    body: html`<a class="skip" href="#main">${words.skip}</a>
<header class="top"><div class="top-in"><a class="home" href="${requirePath(view.hrefOf('/account'))}">${brandMark(view)}<span>${brandName(view)}</span></a>
<p class="who"><bdi>${name}</bdi> <a id="account-signout" href="${requirePath(view.hrefOf('/oauth/logout'))}">${words.signOut}</a></p></div></header>
<div class="span">
<nav class="rail" aria-label="${words.navigation}"><ul>${rail(view, parts.side, parts.isBelow === true)}</ul></nav>
<main class="body" id="main">
${parts.isBelow === true && html`<p class="back"><a href="${requirePath(view.hrefOf(ACCOUNT_PATHS[parts.side]))}">${words.backTo(words.sides[parts.side])}</a></p>`}
<h1>${parts.heading ?? parts.title}</h1>
${parts.lead !== undefined && html`<p class="lead">${parts.lead}</p>`}
${parts.main}
</main></div>
${foot(view)}`,
  });
}

function rail(view: AccountPageView, current: AccountSide, isBelow: boolean): readonly Html[] {
  const words = messagesFor(view.locale).account;
  return SIDES.map((side) => {
    const marks = attributes({ 'aria-current': side === current ? (isBelow ? 'true' : 'page') : undefined });
    return html`<li><a href="${requirePath(view.hrefOf(ACCOUNT_PATHS[side]))}" ${marks}>${words.sides[side]}</a></li>
`;
  });
}

const SIDES: readonly AccountSide[] = ['overview', 'profile', 'security', 'sessions', 'apps', 'activity', 'data'];
