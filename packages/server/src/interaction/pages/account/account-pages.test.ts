import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EDITABLE_CLAIMS, type FieldClaim } from '../../../accounts/editable-claims.ts';
import { unescapeHtml } from '../../../testing/hidden-fields.ts';
import { readTags, type Tag } from '../../../testing/page-tags.ts';
import type { AccountPageView } from '../account-layout.ts';
import { ACCOUNT_SCRIPT_PATH } from '../account-script.ts';
import { approvalsPage } from '../approvals.ts';
import { LOCALES, type Locale } from '../messages/locale.ts';
import { PASSKEY_SCRIPT_PATH } from '../passkey-script.ts';
import { STYLESHEET_PATH } from '../style.ts';
import { activityPage, notMePage } from './activity.ts';
import { type AppView, appsPage } from './apps.ts';
import { dataPage, deletedPage, deletePage } from './data.ts';
import { emailPage } from './email.ts';
import { authenticatorPage, newCodesPage, newPasskeyPage, removePage, shownCodesPage } from './factor.ts';
import { overviewPage } from './overview.ts';
import { passwordPage } from './password.ts';
import { profilePage } from './profile.ts';
import { securityPage } from './security.ts';
import { sessionsPage } from './sessions.ts';

const NOW = 1_767_225_600;
const MOMENT = { now: NOW, zone: 'UTC' };

type Frame = AccountPageView;

/** Every page of the centre, with `text` wherever somebody's words may stand. */
const PAGES: Readonly<Record<string, (frame: Frame, text: string) => string>> = {
  account: (frame, text) =>
    overviewPage({
      ...frame,
      moment: MOMENT,
      csrf: text,
      todo: [
        { kind: 'approvals', count: 2 },
        { kind: 'second_factor' },
        { kind: 'recovery_codes', left: 1 },
        { kind: 'email_unverified' },
        { kind: 'no_email' },
      ],
      email: { address: text, isVerified: false },
      signIn: { passwordChangedAt: NOW - 5_000, totp: 1, passkeys: 2, recoveryCodes: 3, devices: 2 },
      apps: [app(text)],
      appCount: 7,
      removed: text,
    }),
  'account-profile': (frame, text) =>
    profilePage({
      ...frame,
      csrf: text,
      outcome: { kind: 'done', word: 'profile_saved' },
      isManaged: false,
      editable: FIELDS.slice(1),
      hasAddress: true,
      typed: { ...Object.fromEntries(FIELDS.map((claim) => [claim, text])), street_address: text },
      problems: { website: 'not_an_address', country: 'too_long' },
      shown: [{ claim: 'name', value: text }],
      zones: ['Europe/Vienna'],
      email: { address: text, isVerified: true, changeHref: '/account/profile/email' },
    }),
  'account-security': (frame, text) =>
    securityPage({
      ...frame,
      moment: MOMENT,
      csrf: text,
      outcome: { kind: 'not_done', word: 'last' },
      passwordChangedAt: NOW,
      passwords: 'on',
      totp: [{ thing: 'thing-1', name: text, createdAt: NOW, usedAt: undefined, isSynced: false }],
      passkeys: [{ thing: 'thing-2', name: text, createdAt: NOW, usedAt: NOW, isSynced: true }],
      recoveryCodes: 2,
      identities: [{ thing: 'thing-3', upstream: text, label: text, linkedAt: NOW, usedAt: NOW, mayGo: true }],
      linkable: [],
      mayAdd: { totp: true, passkey: true },
    }),
  'account-email': (frame, text) =>
    emailPage({
      ...frame,
      csrf: text,
      action: '/account/profile/email',
      current: { address: text, isVerified: true },
      step: { kind: 'code', asked: text, address: text, problem: { triesLeft: 2 } },
    }),
  'account-password': (frame, text) =>
    passwordPage({
      ...frame,
      csrf: text,
      outcome: undefined,
      hasPassword: true,
      minLength: 15,
      ends: 'all',
      problems: { current: 'wrong', fresh: 'common', slowedDown: 30 },
    }),
  'account-authenticator': (frame, text) =>
    authenticatorPage({
      ...frame,
      csrf: text,
      totp: { sealed: text, secret: 'JBSWY3DPEHPK3PXP', modules: { size: 2, data: [1, 0, 0, 1] } },
      name: text,
      isWrong: true,
    }),
  'account-passkey': (frame, text) =>
    newPasskeyPage({
      ...frame,
      panel: {
        act: 'create',
        action: '/account/security/passkey',
        options: '/account/security/passkey/options',
        fields: [['csrf', text]],
        place: 'alone',
        name: text,
      },
      problem: 'expired',
    }),
  'account-recovery-codes': (frame, text) => newCodesPage({ ...frame, csrf: text, outcome: undefined, left: 2, isEarly: false }),
  'account-remove': (frame, text) => removePage({ ...frame, csrf: text, thing: 'thing-1', kind: 'passkey', name: text, takesCodes: true }),
  'account-sessions': (frame, text) =>
    sessionsPage({
      ...frame,
      moment: MOMENT,
      csrf: text,
      outcome: undefined,
      signedIn: [device(text, true), device(text, false)],
      before: [{ ...device(text, false), thing: 'device-3', signedInAt: undefined, apps: 0 }],
      hasPlaces: true,
    }),
  'account-apps': (frame, text) =>
    appsPage({ ...frame, moment: MOMENT, csrf: text, apps: [app(text)], more: 3, outcome: undefined, removed: text }),
  'account-activity': (frame, text) =>
    activityPage({
      ...frame,
      moment: MOMENT,
      events: [
        { at: NOW, kind: 'factor_added', name: text, device: text, place: text },
        { at: NOW, kind: text, name: text, device: text, place: text },
      ],
      kept: 200,
    }),
  'account-not-me': (frame, text) => notMePage({ ...frame, csrf: text, outcome: undefined }),
  'account-data': (frame, text) => dataPage({ ...frame, csrf: text, outcome: undefined, isManaged: false }),
  'account-delete': (frame, text) => deletePage({ ...frame, csrf: text, isWrong: true }),
  'account-deleted': (frame) => deletedPage(frame),
  approvals: (frame, text) =>
    approvalsPage({
      ...frame,
      action: '/account/approvals',
      csrf: text,
      outcome: 'gone',
      requests: [
        {
          name: text,
          client: { name: text, returnsTo: { kind: 'client', name: text } },
          message: text,
          endsInSeconds: 60,
          identity: [{ scope: text }],
          apis: [],
          offlineAccess: false,
        },
      ],
    }),
};

const FIELDS: readonly FieldClaim[] = EDITABLE_CLAIMS.filter((claim): claim is FieldClaim => claim !== 'address' && claim !== 'email');

function app(text: string): AppView {
  return {
    clientId: text,
    name: text,
    logoSrc: undefined,
    place: text,
    isUnregistered: true,
    since: NOW,
    usedAt: NOW,
    devices: [text],
    details: [text],
    identity: [{ scope: text }],
    apis: [{ resource: text, scopes: [{ scope: text }] }],
    offlineAccess: true,
  };
}

function device(text: string, isThis: boolean): Parameters<typeof sessionsPage>[0]['signedIn'][number] {
  return {
    thing: isThis ? 'device-1' : 'device-2',
    kind: 'device',
    name: text,
    type: 'mobile',
    agent: 'Safari 18 on iOS',
    place: text,
    seenAt: NOW,
    signedInAt: NOW - 90_000,
    isThis,
    trustedUntil: NOW + 86_400,
    apps: 2,
  };
}

function frameFor(locale: Locale, text = 'Field Notes'): Frame {
  return {
    locale,
    brand: undefined,
    languages: LOCALES.map((other) => ({ locale: other, href: `/account?ui_locales=${other}` })),
    user: { username: text, name: text },
    hrefOf: (path) => path,
    scriptNonce: 'q83vEjRWeJCrze8SNFZ4kA',
  };
}

const shape = (page: string): readonly string[] =>
  readTags(page).map(({ name, attributes }) => `${name} ${[...attributes.keys()].join(' ')}`);
const idsOf = (tags: readonly Tag[]): readonly string[] => tags.flatMap(({ attributes }) => attributes.get('id') ?? []);

for (const locale of LOCALES) {
  for (const [page, render] of Object.entries(PAGES)) {
    test(`the page ${page} in ${locale} is well formed, says where it is, and has a label for each field (WCAG 2.2 §1.3.1)`, () => {
      const tags = readTags(render(frameFor(locale), 'Field Notes'));
      assert.equal(tags.find(({ name }) => name === 'body')?.attributes.get('data-page'), page);
      assert.equal(tags.filter(({ name }) => name === 'h1').length, 1);
      assert.equal(idsOf(tags).length, new Set(idsOf(tags)).size, 'ids are unique');
      const labelled = tags.filter(({ name }) => name === 'label').map(({ attributes }) => attributes.get('for'));
      const fields = tags.filter(
        ({ name, attributes }) =>
          name === 'select' || (name === 'input' && attributes.get('type') !== 'hidden' && !attributes.has('hidden')),
      );
      for (const { attributes } of fields) assert.ok(labelled.includes(attributes.get('id')), attributes.get('id') ?? 'no id');
      for (const { attributes } of tags)
        for (const id of (attributes.get('aria-describedby') ?? '').split(' ')) if (id !== '') assert.ok(idsOf(tags).includes(id), id);
      if (page !== 'account-deleted')
        assert.ok(
          tags.some(({ name, attributes }) => name === 'a' && attributes.has('aria-current')),
          'the navigation shows where',
        );
    });

    test(`the page ${page} in ${locale} runs no script but ours, and its forms carry their token by POST (RFC 9700 §4.7)`, () => {
      const tags = readTags(render(frameFor(locale), 'secret-1'));
      for (const { name, attributes } of tags) {
        const loads = attributes.get('src') ?? (name === 'link' ? attributes.get('href') : undefined);
        if (loads !== undefined)
          assert.ok([STYLESHEET_PATH, '/assets/mark.svg', ACCOUNT_SCRIPT_PATH, PASSKEY_SCRIPT_PATH].includes(loads), loads);
        assert.ok([...attributes.keys()].every((key) => !key.startsWith('on') && key !== 'style'));
      }
      const forms = tags.filter(({ name }) => name === 'form');
      const tokens = tags.filter(({ attributes }) => attributes.get('name') === 'csrf');
      // Of a passkey panel the script makes the fields.
      const made = forms.flatMap(({ attributes }) => attributes.get('data-fields') ?? []);
      assert.equal(tokens.length + made.length, forms.length);
      for (const fields of made) assert.ok(unescapeHtml(fields).includes('["csrf","secret-1"]'), fields);
      for (const { attributes } of forms) assert.equal(attributes.get('method'), 'post');
      for (const { attributes } of tokens) assert.deepEqual([attributes.get('type'), attributes.get('value')], ['hidden', 'secret-1']);
    });
  }
}

test('hostile words anywhere in a view change no tag of any page of the account centre (attacks XSS-05)', () => {
  const shapes = new Map(Object.entries(PAGES).map(([page, render]) => [page, shape(render(frameFor('en', 'x'), 'x'))]));
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.constantFrom(
      '"><script>alert(1)</script>',
      "'onmouseover='x",
      '</title><svg onload=1>',
      '--><b>',
      '\u202e</p>',
      'x'.repeat(5_000),
      '\u0000',
    ),
  );
  fc.assert(
    fc.property(fc.constantFrom(...Object.entries(PAGES)), hostile, ([page, render], text) => {
      assert.deepEqual(shape(render(frameFor('en', `x${text}`), `x${text}`)), shapes.get(page));
    }),
    { numRuns: 300 },
  );
});

test('what turns letters round, hides them or never ends is taken out or cut before a page shows it (attacks XSS-05)', () => {
  for (const [page, render] of Object.entries(PAGES)) {
    const text = `a\u202eb\u200bc${'w'.repeat(5_000)}`;
    // Values of fields come back as they were typed; what is read is what counts here.
    const shown = render(frameFor('en', text), text).replace(/="[^"]*"/g, '=""');
    assert.doesNotMatch(shown, /\u202e|\u200b/, page);
    assert.doesNotMatch(shown, /w{500}/, page);
  }
});

test('new codes are shown once, each to be marked as a whole, and with nothing that another language could show again', () => {
  const codes = ['ABCDE-FGHJK', '12345-67890'];
  const page = shownCodesPage({ ...frameFor('en'), languages: [], codes });
  for (const code of codes) assert.ok(page.includes(`<li><code>${code}</code></li>`));
  assert.doesNotMatch(page, /hreflang/);
});

test('a password goes back to nobody, and password managers are told which is which', () => {
  const tags = readTags(PAGES['account-password']?.(frameFor('en'), 'x') ?? '');
  const byName = (name: string): ReadonlyMap<string, string> | undefined =>
    tags.find(({ attributes }) => attributes.get('name') === name)?.attributes;
  assert.deepEqual([byName('current')?.get('autocomplete'), byName('password')?.get('autocomplete')], ['current-password', 'new-password']);
  assert.deepEqual([byName('current')?.has('value'), byName('password')?.has('value')], [false, false]);
  assert.equal(byName('username')?.get('autocomplete'), 'username');
});
