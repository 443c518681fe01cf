import type { Theme } from '@hufu/protocol/admin/appearance';
import type { Locale } from '@hufu/protocol/locale';
import type { Appearance } from '../config/config.ts';
import { overviewPage } from '../interaction/pages/account/overview.ts';
import type { ClientView } from '../interaction/pages/client-view.ts';
import { consentPage } from '../interaction/pages/consent.ts';
import { devicePage } from '../interaction/pages/device.ts';
import { LOCALES } from '../interaction/pages/messages/locale.ts';
import type { PageView } from '../interaction/pages/page-view.ts';
import { signInPage } from '../interaction/pages/sign-in.ts';
import { STYLESHEET, STYLESHEET_PATH } from '../interaction/pages/style.ts';
import { sampleLetter } from '../mail/sample-letter.ts';
import type { MailGround } from '../mail/words/words-for.ts';
import { type BrandParts, brandPartsOf } from './brand.ts';

/** Which page of ours a sample is of. */
export type SamplePage = 'signin' | 'consent' | 'device' | 'account' | 'mail';

interface Sampled {
  readonly appearance: Appearance;
  readonly issuer: string;
  readonly locale: Locale;
  readonly theme: Theme;
}

/**
 * A real page of ours with an appearance that is not in force, and people and apps that are not there. Everything that it loads stands in it, its forms have nothing
 * that any page of ours would take, and there is no script: it is for a sandboxed frame, and at no address.
 */
export function samplePage(page: SamplePage, sampled: Sampled): string {
  const parts = brandPartsOf(sampled.appearance);
  const { theme } = sampled;
  if (page === 'mail') return inTheme(sampleLetter(groundOf(sampled), 'sign_in', sampled.locale).html, theme);
  return selfContained(inTheme(PAGES[page](viewOf(sampled, parts)), theme), parts, theme);
}

const CLIENT: ClientView = { name: 'Field Notes', returnsTo: { kind: 'host', host: 'notes.example' } };
const USER = { username: 'alex', name: 'Alex Example' };
const FORM = { action: '/signin', csrf: 'sample', request: 'sample' };

const PAGES: Readonly<Record<Exclude<SamplePage, 'mail'>, (view: PageView) => string>> = {
  signin: (view) => signInPage({ ...view, form: FORM, client: CLIENT, signUpHref: '/signup', recoverHref: '/recover' }),
  consent: (view) =>
    consentPage({
      ...view,
      form: FORM,
      client: CLIENT,
      user: USER,
      details: [],
      identity: [{ scope: 'profile' }, { scope: 'email' }],
      apis: [{ resource: 'https://api.notes.example/', scopes: [{ scope: 'notes:read', sentence: 'notes:read' }] }],
      offlineAccess: true,
      lasts: { kind: 'until_taken_back' },
      accountHref: '/account',
    }),
  device: (view) => devicePage({ ...view, action: '/device', csrf: 'sample', userCode: '' }),
  account: (view) =>
    overviewPage({
      ...view,
      user: USER,
      hrefOf: (path) => path,
      scriptNonce: 'sample',
      moment: { now: 1_767_268_800, zone: 'UTC' },
      csrf: 'sample',
      todo: [],
      email: { address: 'alex@example.com', isVerified: true },
      signIn: { passwordChangedAt: 1_764_590_400, totp: 1, passkeys: 1, recoveryCodes: 8, devices: 2 },
      apps: [],
      appCount: 0,
    }),
};

function viewOf({ locale }: Sampled, { brand }: BrandParts): PageView {
  return { locale, brand, languages: LOCALES.map((other) => ({ locale: other, href: `/?ui_locales=${other}` })) };
}

function groundOf({ appearance, issuer }: Sampled): MailGround {
  return { issuer, config: { policies: { appearance } } };
}

/** What the pages of ours ask the browser, answered. */
function inTheme(text: string, theme: Theme): string {
  return text
    .replaceAll('@media (prefers-color-scheme: dark)', theme === 'dark' ? '@media all' : '@media not all')
    .replaceAll('color-scheme: light dark', `color-scheme: ${theme}`)
    .replaceAll('color-schemes: light dark', `color-schemes: ${theme}`)
    .replaceAll('content="light dark"', `content="${theme}"`);
}

/** Whatever somebody else wrote is escaped: no text of theirs looks like one of these tags. */
function selfContained(html: string, { brand, assets }: BrandParts, theme: Theme): string {
  const sheet = assets.get(brand.stylesheet ?? '');
  const picture = assets.get(brand.markSrc ?? '');
  const inline = (css: unknown): string => `<style>\n${inTheme(String(css), theme)}</style>`;
  return html
    .replace(/<link rel="icon"[^>]*>\n?/, '')
    .replaceAll(/<script [^>]*><\/script>/g, '')
    .replaceAll(/(<input [^>]*?) autofocus(?=[ >])/g, '$1')
    .replace(`<link rel="stylesheet" href="${STYLESHEET_PATH}">`, () => inline(STYLESHEET))
    .replace(`<link rel="stylesheet" href="${brand.stylesheet}">`, () => (sheet === undefined ? '' : inline(sheet.body)))
    .replaceAll(`src="${brand.markSrc}"`, () => `src="data:image/png;base64,${Buffer.from(picture?.body ?? '').toString('base64')}"`);
}
