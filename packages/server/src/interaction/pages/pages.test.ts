import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readTags, type Tag } from '../../testing/page-tags.ts';
import { completedPage } from './completed.ts';
import { type ConsentView, consentPage } from './consent.ts';
import { type DevicesView, devicesPage } from './devices.ts';
import { errorPage } from './error.ts';
import { ERROR_KINDS, type ErrorKind } from './error-kinds.ts';
import { formPostPage } from './form-post.ts';
import { homePage } from './home.ts';
import { logoutPage } from './logout.ts';
import { LOCALES, type Locale, messagesFor } from './messages/locale.ts';
import type { FormView, PageView } from './page-view.ts';
import { type SignInView, signInPage } from './sign-in.ts';
import { type SignUpView, signUpPage } from './sign-up.ts';
import { signedOutPage } from './signed-out.ts';
import { STYLESHEET_PATH } from './style.ts';

const NONCE = 'q83vEjRWeJCrze8SNFZ4kA';
const ERROR_NAMES = Object.keys(ERROR_KINDS) as readonly ErrorKind[];

/** Every page, with `text` wherever somebody else's words may stand. */
const PAGES: Readonly<Record<string, (frame: PageView, text: string) => string>> = {
  signin: (frame, text) => signInPage({ ...signIn(text), ...frame }),
  'sign-up': (frame, text) => signUpPage({ ...signUp(text), ...frame }),
  consent: (frame, text) => consentPage({ ...consent(text), ...frame }),
  devices: (frame, text) => devicesPage({ ...devices(text), ...frame }),
  logout: (frame, text) => logoutPage({ ...frame, form: form(text), user: { username: text, name: text }, client: client(text) }),
  'signed-out': (frame, text) => signedOutPage({ ...frame, client: { name: text, uri: 'https://notes.example/' }, signInHref: '/signin' }),
  completed: (frame, text) => completedPage({ ...frame, client: { name: text, uri: 'https://notes.example/' } }),
  error: (frame, text) => errorPage({ ...frame, kind: 'client_id_unknown', decisionId: text, received: [{ name: text, value: text }] }),
  'form-post': (frame, text) =>
    formPostPage({ ...frame, action: 'https://notes.example/cb', fields: [['state', text]], scriptNonce: NONCE }),
  home: (frame, text) => homePage({ ...frame, issuer: text, accountHref: '/account', discoveryHref: '/.well-known/openid-configuration' }),
};

function frameFor(locale: Locale): PageView {
  return {
    locale,
    brand: undefined,
    languages: LOCALES.map((other) => ({ locale: other, href: `/signin?ui_locales=${other}&request=1` })),
  };
}
const EN = frameFor('en');

function form(text: string): FormView {
  return { action: '/interaction/1', csrf: text, request: text };
}

function client(text: string): SignInView['client'] & object {
  return {
    name: text,
    returnsTo: { kind: 'host', host: text },
    logoSrc: text,
    policyUri: text,
    tosUri: `https://notes.example/${encodeURIComponent(text.toWellFormed())}`,
  };
}

function signIn(text: string): SignInView {
  return { ...EN, form: form(text), client: client(text), username: text, signUpHref: '/signup', problem: { kind: 'wrong_credentials' } };
}

function signUp(text: string): SignUpView {
  return {
    ...EN,
    form: form(text),
    client: client(text),
    signedInAs: text,
    signInHref: '/signin',
    minLength: 15,
    email: 'optional',
    typed: { username: text, email: text, name: text },
    problems: { username: 'taken', email: 'not_an_address', name: 'not_fit', password: 'common', slowedDown: 30 },
  };
}

function consent(text: string): ConsentView {
  return {
    ...EN,
    form: form(text),
    client: client(text),
    user: { username: text, name: text },
    details: [{ type: text, sentence: text, facts: [{ label: [text, text], values: [text, true] }], locations: [text] }],
    identity: [{ scope: 'openid' }, { scope: text, sentence: text }],
    apis: [{ resource: text, name: text, scopes: [{ scope: text, sentence: text }] }],
    offlineAccess: true,
    lasts: { kind: 'until_taken_back' },
    otherAccountHref: '/signin?prompt=login',
    accountHref: '/account',
  };
}

function devices(text: string): DevicesView {
  const device = { name: text, type: 'mobile', place: text, seenAt: 1_767_225_000 } as const;
  return {
    ...EN,
    form: form(text),
    user: { username: text, name: text },
    moment: { now: 1_767_225_600, zone: 'UTC' },
    kind: 'full_at_client',
    clientName: text,
    devices: [
      { ...device, value: text, isChosen: true },
      { ...device, value: `${text}2`, isChosen: false },
    ],
    needed: 1,
    tooFew: true,
  };
}

const ids = (tags: readonly Tag[]): readonly (string | undefined)[] =>
  tags.map(({ attributes }) => attributes.get('id')).filter((id) => id !== undefined);
const byId = (tags: readonly Tag[], id: string): Tag =>
  tags.find(({ attributes }) => attributes.get('id') === id) ?? assert.fail(`no #${id}`);

const FIXED_IDS: Readonly<Record<string, readonly string[]>> = {
  signin: ['signin', 'username', 'password', 'signin-submit', 'signin-cancel'],
  'sign-up': ['signup', 'username', 'email', 'name', 'password', 'signup-submit', 'signup-cancel', 'signup-signin'],
  consent: ['consent', 'consent-allow', 'consent-deny'],
  devices: ['devices', 'device-0', 'device-1', 'devices-go', 'devices-cancel', 'problem'],
  logout: ['logout', 'logout-confirm', 'logout-cancel'],
  'signed-out': [],
  completed: [],
  error: ['phrase', 'decision-id'],
  'form-post': ['form-post', 'form-post-submit'],
  home: [],
};

for (const locale of LOCALES) {
  for (const [page, render] of Object.entries(PAGES)) {
    test(`the page ${page} in ${locale} is well formed, has its fixed names, and no script of its own`, () => {
      const markup = render(frameFor(locale), 'Field Notes');
      const tags = readTags(markup);
      assert.equal(tags.find(({ name }) => name === 'html')?.attributes.get('lang'), locale);
      assert.equal(tags.find(({ name }) => name === 'body')?.attributes.get('data-page'), page);
      assert.equal(tags.filter(({ name }) => name === 'h1').length, 1);
      assert.deepEqual(ids(tags).length, new Set(ids(tags)).size, 'ids are unique');
      for (const id of FIXED_IDS[page] ?? []) byId(tags, id);
      assert.equal(tags.filter(({ name }) => name === 'script').length, page === 'form-post' ? 1 : 0);
      assert.equal(
        tags.filter(({ attributes }) => [...attributes.keys()].some((name) => name.startsWith('on') || name === 'style')).length,
        0,
      );
    });

    test(`the page ${page} in ${locale} loads nothing but our own stylesheet and images (RFC 9700 §4.2.4)`, () => {
      for (const { name, attributes } of readTags(render(frameFor(locale), 'Field Notes'))) {
        const loads = attributes.get('src') ?? (name === 'link' ? attributes.get('href') : undefined);
        if (loads !== undefined) assert.ok([STYLESHEET_PATH, '/assets/mark.svg'].includes(loads), loads);
      }
    });

    test(`the page ${page} in ${locale} links every label to its input and every language to itself`, () => {
      const tags = readTags(render(frameFor(locale), 'Field Notes'));
      const labelled = tags.filter(({ name }) => name === 'label').map(({ attributes }) => attributes.get('for') ?? '');
      const visible = tags.filter(({ name, attributes }) => name === 'input' && attributes.get('type') !== 'hidden');
      assert.deepEqual(
        labelled,
        visible.map(({ attributes }) => attributes.get('id')),
      );
      const other = locale === 'en' ? 'zh-CN' : 'en';
      const link = tags.find(({ attributes }) => attributes.get('hreflang') === other);
      assert.equal(link?.attributes.get('href'), `/signin?ui_locales=${other}&amp;request=1`);
      assert.equal(link?.attributes.get('lang'), other);
    });
  }
}

test('hostile words anywhere in a view change no tag of any page', () => {
  const shapes = new Map(Object.entries(PAGES).map(([page, render]) => [page, shape(render(EN, 'x'))]));
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.constantFrom(
      '"><script>alert(1)</script>',
      "'onmouseover='x",
      '</title><svg onload=1>',
      '--><b>',
      '&lt;b&gt;',
      'javascript:alert(1)',
      '\u202e</p>',
      '{{7*7}}',
      '${7*7}',
    ),
  );
  fc.assert(
    fc.property(fc.constantFrom(...Object.entries(PAGES)), hostile, ([page, render], text) => {
      assert.deepEqual(shape(render(EN, `x${text}`)), shapes.get(page));
    }),
    { numRuns: 400 },
  );
});

/** The tags and the names of their attributes. */
function shape(page: string): readonly string[] {
  return readTags(page).map(({ name, attributes }) => `${name} ${[...attributes.keys()].join(' ')}`);
}

test('every form posts to its path with the two hidden fields, and never by GET', () => {
  for (const page of ['signin', 'sign-up', 'consent', 'devices', 'logout']) {
    const tags = readTags((PAGES[page] ?? assert.fail())(EN, 'secret-1'));
    const forms = tags.filter(({ name }) => name === 'form');
    assert.equal(forms.length, 1);
    assert.equal(forms[0]?.attributes.get('method'), 'post');
    assert.equal(forms[0]?.attributes.get('action'), '/interaction/1');
    for (const field of ['csrf', 'request']) {
      const input = tags.find(({ attributes }) => attributes.get('name') === field);
      assert.equal(input?.attributes.get('type'), 'hidden');
      assert.equal(input?.attributes.get('value'), 'secret-1');
    }
  }
});

test('the sign-up page tells password managers what is new, and gives back everything but the password', () => {
  const view = signUp('ada');
  const tags = readTags(signUpPage({ ...view, problems: {} }));
  assert.deepEqual(
    ['username', 'email', 'name', 'password'].map((id) => byId(tags, id).attributes.get('autocomplete')),
    ['username', 'email', 'name', 'new-password'],
  );
  assert.deepEqual(
    ['username', 'email', 'name', 'password'].map((id) => byId(tags, id).attributes.get('value')),
    ['ada', 'ada', 'ada', undefined],
  );
  assert.deepEqual([byId(tags, 'password').attributes.get('type'), byId(tags, 'password').attributes.get('minlength')], ['password', '15']);
  assert.deepEqual(
    ['username', 'email', 'name', 'password'].filter((id) => byId(tags, id).attributes.has('required')),
    ['username', 'password'],
  );
  assert.deepEqual(
    tags.filter(({ name }) => name === 'button').map(({ attributes }) => attributes.get('id')),
    ['signup-submit', 'signup-cancel'],
    'Enter signs up',
  );
  assert.equal(byId(tags, 'signup-cancel').attributes.has('formnovalidate'), true);
});

test('what is wrong stands at its field, and the first wrong field has the focus (WCAG 2.2 §3.3.1)', () => {
  for (const [problems, focus] of [
    [{}, 'password'],
    [{ password: 'common' }, 'password'],
    [{ email: 'not_an_address', password: 'too_short' }, 'email'],
    [{ username: 'taken', name: 'not_fit' }, 'username'],
    [{ slowedDown: 5 }, 'password'],
  ] as const) {
    const tags = readTags(signUpPage({ ...signUp('ada'), problems }));
    assert.deepEqual(
      tags.filter(({ attributes }) => attributes.has('autofocus')).map(({ attributes }) => attributes.get('id')),
      [focus],
    );
    for (const id of ['username', 'email', 'name', 'password'] as const) {
      const isWrong = id in problems;
      const { attributes } = byId(tags, id);
      const about = (attributes.get('aria-describedby') ?? '').split(' ');
      assert.deepEqual([attributes.get('aria-invalid'), about.includes(`${id}-problem`)], [isWrong ? 'true' : undefined, isWrong], id);
      for (const other of about.filter((word) => word !== '')) byId(tags, other);
    }
  }
  assert.equal(byId(readTags(signUpPage({ ...signUp(''), problems: {} })), 'username').attributes.has('autofocus'), true);
});

test('the sign-in page says "Sign in", fills itself from a password manager, and Enter signs in', () => {
  const { problem, ...view } = signIn('ada');
  const markup = signInPage(view);
  assert.match(markup, /<h1>Sign in<\/h1>/);
  const tags = readTags(markup);
  assert.deepEqual(
    ['username', 'password'].map((id) => byId(tags, id).attributes.get('autocomplete')),
    ['username', 'current-password'],
  );
  assert.equal(byId(tags, 'password').attributes.get('type'), 'password');
  assert.equal(byId(tags, 'password').attributes.has('value'), false);
  const buttons = tags.filter(({ name }) => name === 'button');
  assert.deepEqual(
    buttons.map(({ attributes }) => attributes.get('id')),
    ['signin-submit', 'signin-cancel'],
  );
  assert.deepEqual(
    buttons.map(({ attributes }) => attributes.get('name')),
    [undefined, 'cancel'],
  );
  assert.equal(byId(tags, 'signin-cancel').attributes.has('formnovalidate'), true);
  assert.equal(markup.includes('id="problem"'), false);
  assert.equal(problem?.kind, 'wrong_credentials');
});

test('the cursor stands in the first field that is still empty', () => {
  for (const [username, focused] of [
    ['', 'username'],
    ['ada', 'password'],
  ] as const) {
    const tags = readTags(signInPage({ ...EN, form: form('x'), username }));
    assert.deepEqual(
      tags.filter(({ attributes }) => attributes.has('autofocus')).map(({ attributes }) => attributes.get('id')),
      [focused],
    );
  }
});

test('a problem is said in one place that both fields point to, and in the title', () => {
  const tags = readTags(signInPage(signIn('ada')));
  assert.equal(byId(tags, 'problem').attributes.get('role'), 'alert');
  for (const id of ['username', 'password']) assert.equal(byId(tags, id).attributes.get('aria-describedby'), 'problem');
  assert.match(signInPage(signIn('ada')), /<title>Not signed in · Sign in · Hufu<\/title>/);
  const slowed = signInPage({ ...signIn('ada'), problem: { kind: 'slowed_down', retryAfterSeconds: 30 } });
  assert.match(slowed, /Too many attempts\. Wait 30 seconds, then try again\./);
});

test('client name, host, logo, policy and terms stand on sign-in and consent', () => {
  const shown = {
    ...client('Field Notes'),
    returnsTo: { kind: 'host', host: 'notes.example' },
    logoSrc: '/logos/1',
    policyUri: 'https://notes.example/p',
  } as const;
  for (const markup of [signInPage({ ...signIn('x'), client: shown }), consentPage({ ...consent('x'), client: shown })]) {
    for (const expected of [
      '>Field Notes<',
      '>notes.example<',
      '<img class="client-logo" src="/logos/1"',
      'href="https://notes.example/p"',
      'href="https://notes.example/Field%20Notes"',
    ]) {
      assert.ok(markup.includes(expected), expected);
    }
  }
});

test('the page of devices says why it asks, of whom, and has the oldest chosen beforehand; where there is nothing to choose it only asks', () => {
  const view = { ...devices('Field Notes'), tooFew: false };
  const chosen = (markup: string): readonly boolean[] =>
    readTags(markup)
      .filter(({ attributes }) => attributes.get('name') === 'device')
      .map(({ attributes }) => attributes.has('checked'));
  const { clientName: _, ...ofNoClient } = view;
  const full = devicesPage({ ...ofNoClient, kind: 'full' });
  assert.match(full, /<h1>You are signed in on too many devices<\/h1>/);
  assert.match(full, /Sign out on one device to go on here\./);
  assert.deepEqual(chosen(full), [true, false]);
  assert.equal(full.includes('id="problem"'), false);
  const atClient = devicesPage(view);
  assert.match(atClient, /<strong><bdi>Field Notes<\/bdi><\/strong> on too many devices/);
  assert.deepEqual(chosen(atClient), [true, false]);
  const elsewhere = devicesPage({ ...view, kind: 'elsewhere' });
  assert.match(elsewhere, /<h1>Continue on this device\?<\/h1>/);
  assert.match(elsewhere, /Last used: /);
  assert.deepEqual(chosen(elsewhere), []);
  const again = devicesPage({ ...view, tooFew: true, needed: 2 });
  const tags = readTags(again);
  assert.equal(byId(tags, 'problem').attributes.get('role'), 'alert');
  assert.match(again, /<title>Problem · .*<\/title>/);
  assert.match(again, /Choose at least 2 devices\./);
  for (const markup of [full, atClient, elsewhere]) {
    const buttons = readTags(markup).filter(({ name }) => name === 'button');
    assert.deepEqual(
      buttons.map(({ attributes }) => [attributes.get('id'), attributes.get('name'), attributes.has('formnovalidate')]),
      [
        ['devices-go', 'go', false],
        ['devices-cancel', 'cancel', true],
      ],
    );
  }
});

test('consent gives each standard scope a sentence, and says so when nobody described one (OpenID Connect Core §5.4)', () => {
  const markup = consentPage({
    ...consent('x'),
    identity: ['openid', 'profile', 'email', 'address', 'phone'].map((scope) => ({ scope })),
    apis: [{ resource: 'urn:a', scopes: [{ scope: 'constructor' }] }],
  });
  for (const sentence of Object.values(messagesFor('en').consent.scopes)) assert.ok(markup.includes(sentence), sentence);
  assert.match(markup, /A permission of this API<\/span> <code>constructor<\/code>/);
  assert.match(markup, /With urn:a/);
});

test('consent explains offline access only where it is asked (OpenID Connect Core §11)', () => {
  assert.match(consentPage(consent('x')), /refresh token.*offline_access/s);
  assert.doesNotMatch(consentPage({ ...consent('x'), offlineAccess: false }), /refresh token|offline_access/);
});

test('consent says how long it lasts', () => {
  const lasting = (lasts: ConsentView['lasts']): string => consentPage({ ...consent('x'), lasts });
  assert.match(lasting({ kind: 'until_taken_back' }), /<dd>until you take it back<\/dd>/);
  assert.match(lasting({ kind: 'once' }), /<dd>this time only<\/dd>/);
  assert.match(lasting({ kind: 'seconds', seconds: 2_592_000 }), /<dd>30 days<\/dd>/);
});

test('allowing and denying are two values of one field, on two buttons', () => {
  const tags = readTags(consentPage(consent('x')));
  assert.deepEqual(
    ['consent-allow', 'consent-deny'].map((id) => [byId(tags, id).attributes.get('name'), byId(tags, id).attributes.get('value')]),
    [
      ['decision', 'allow'],
      ['decision', 'deny'],
    ],
  );
});

test('signing out is asked by a form with a way to stay (OpenID Connect RP-Initiated Logout §2)', () => {
  const tags = readTags(logoutPage({ ...EN, form: form('x'), user: { username: 'ada' } }));
  assert.deepEqual(
    ['logout-confirm', 'logout-cancel'].map((id) => byId(tags, id).attributes.get('value')),
    ['sign_out', 'stay'],
  );
  assert.match(signedOutPage(EN), /<h1>Signed out<\/h1>/);
});

const ONWARD = { to: 'https://notes.example/out?a=1&state=%22%C3%A4', scriptNonce: NONCE };
const FRAMES = ['https://one.example/bye?iss=https%3A%2F%2Fid.example&sid=a', 'https://two.example:8443/bye?sid=b'];

test('clients are told in hidden frames that cannot move the window, and the page stays where it has nowhere to go (Front-Channel Logout §3)', () => {
  const markup = signedOutPage({ ...EN, frames: FRAMES });
  const tags = readTags(markup);
  const frames = tags.filter(({ name }) => name === 'iframe').map(({ attributes }) => attributes);
  assert.deepEqual(
    frames.map((frame) => frame.get('src')?.replaceAll('&amp;', '&')),
    FRAMES,
  );
  for (const frame of frames) {
    assert.ok(frame.has('hidden'));
    assert.equal(frame.get('sandbox')?.includes('top-navigation'), false);
  }
  assert.deepEqual([tags.some(({ name }) => name === 'script'), markup.includes('data-page="signed-out"')], [false, true]);
  for (const bad of ['javascript:alert(1)', 'data:text/html,x', 'http://evil.test/', '/oauth/authorize', '//evil.test/'])
    assert.throws(() => signedOutPage({ ...EN, frames: [bad] }), TypeError, bad);
});

test('the page goes on by one script of old, by itself without scripts, and by a link (RP-Initiated Logout §3)', () => {
  for (const locale of LOCALES) {
    const markup = signedOutPage({ ...frameFor(locale), frames: FRAMES, onward: ONWARD });
    const tags = readTags(markup);
    assert.equal(tags.find(({ name }) => name === 'body')?.attributes.get('data-page'), 'signing-out');
    assert.equal(byId(tags, 'signed-out-continue').attributes.get('href'), 'https://notes.example/out?a=1&amp;state=%22%C3%A4');
    const refresh = tags.find(({ attributes }) => attributes.get('http-equiv') === 'refresh');
    assert.equal(refresh?.attributes.get('content'), '3; url=https://notes.example/out?a=1&amp;state=%22%C3%A4');
    assert.match(markup, /<noscript><meta http-equiv="refresh"[^>]*><\/noscript>\n<\/head>/);
    const script = /<script nonce="([^"]+)">([^<]*)<\/script>/.exec(markup);
    assert.equal(script?.[1], NONCE);
    assert.doesNotMatch(script?.[2] ?? '', /=>|\b(?:const|let)\b|https?:/, 'ES5, and the address is in the link alone');
    assert.ok(markup.indexOf('<script') < markup.indexOf('<iframe'), 'it listens before they load');
    assert.ok(markup.includes(messagesFor(locale).signedOut.heading));
  }
});

test("a program's own scheme is gone on to as registration takes it, and nothing that a browser runs (RFC 8252 §7.1)", () => {
  const onward = (to: string): string => signedOutPage({ ...EN, onward: { ...ONWARD, to } });
  assert.ok(onward('com.example.app:/out?state=x').includes('href="com.example.app:/out?state=x"'));
  for (const bad of [
    'javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'com.example.app://host/x',
    'https://user@x.example/',
    '/x',
    '',
  ])
    assert.throws(() => onward(bad), TypeError, bad);
});

test('every error page shows its one fixed phrase, in every language, and the decision id to copy', () => {
  for (const locale of LOCALES) {
    for (const kind of ERROR_NAMES) {
      const markup = errorPage({ ...frameFor(locale), kind, decisionId: 'hfd_1' });
      assert.ok(markup.includes(`<p class="phrase" id="phrase" lang="en">${ERROR_KINDS[kind].phrase}</p>`), kind);
      assert.ok(markup.includes('<code class="id" id="decision-id">hfd_1</code>'));
      assert.ok(markup.includes(`<h1>${messagesFor(locale).error.kinds[kind].what}</h1>`));
      for (const other of ERROR_NAMES) {
        const { phrase } = ERROR_KINDS[other];
        if (!ERROR_KINDS[kind].phrase.includes(phrase)) assert.ok(!markup.includes(`>${phrase}<`), `${kind} also says ${phrase}`);
      }
    }
  }
});

test('an error page says how long to wait, and cuts what the request said', () => {
  const markup = errorPage({
    ...EN,
    kind: 'too_many_requests',
    decisionId: 'x',
    retryAfterSeconds: 60,
    received: Array.from({ length: 99 }, () => ({ name: 'redirect_uri', value: 'y'.repeat(9999) })),
  });
  assert.match(markup, /Wait 1 minute, then try again\./);
  assert.ok(markup.length < 8000);
});

test('form_post carries every value as it is and sends itself by one nonced statement (OAuth 2.0 Form Post Response Mode §2)', () => {
  const state = `"'><script>alert(1)</script>&amp;\r\n`;
  const markup = formPostPage({
    ...EN,
    action: 'https://notes.example/cb?a=1&b="',
    fields: [
      ['code', 'hfc_x'],
      ['state', state],
    ],
    scriptNonce: NONCE,
  });
  const tags = readTags(markup);
  assert.equal(byId(tags, 'form-post').attributes.get('action'), 'https://notes.example/cb?a=1&amp;b=&quot;');
  assert.ok(markup.includes('name="state" value="&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;&#13;\n"'));
  assert.ok(markup.includes(`<script nonce="${NONCE}">document.getElementById('form-post').submit();</script>`));
  assert.equal(byId(tags, 'form-post-submit').attributes.get('type'), 'submit');
  assert.equal(
    tags.find(({ attributes }) => attributes.get('name') === 'csrf'),
    undefined,
    'nothing of ours goes to the client',
  );
  assert.throws(() => formPostPage({ ...EN, action: 'javascript:alert(1)', fields: [], scriptNonce: NONCE }), TypeError);
});

test('the start page leaves out what it is not told about', () => {
  const markup = homePage({
    ...EN,
    issuer: 'https://login.example',
    discoveryHref: '/.well-known/openid-configuration',
    docsHref: 'javascript:alert(1)',
  });
  assert.match(markup, /<code>https:\/\/login\.example<\/code>/);
  assert.equal(markup.match(/<ul class="places">(.*?)<\/ul>/s)?.[1]?.match(/<li>/g)?.length, 1);
});

test('a tenant replaces name, mark and colours, from our own origin alone', () => {
  const brand = { name: 'Acme <Login>', markSrc: '/tenants/acme/mark.svg', stylesheet: '/tenants/acme/colours.css' };
  const markup = signInPage({ ...signIn('x'), brand });
  const tags = readTags(markup);
  assert.match(markup, /<title>Not signed in · Sign in · Acme &lt;Login&gt;<\/title>/);
  assert.deepEqual(
    tags.filter(({ name }) => name === 'link').map(({ attributes }) => attributes.get('href')),
    ['/tenants/acme/mark.svg', STYLESHEET_PATH, '/tenants/acme/colours.css'],
  );
  assert.throws(() => signInPage({ ...signIn('x'), brand: { ...brand, stylesheet: 'https://evil.example/x.css' } }), TypeError);
});
