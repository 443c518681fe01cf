import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import vm from 'node:vm';
import type { Client } from '../clients.ts';
import { findClient } from '../clients.ts';
import { browserState } from '../sessions/browser-state.ts';
import { sessionState } from '../sessions/session-state.ts';
import { signedIn, type Visitor } from '../testing/visits.ts';
import { ISSUER, openWorld } from '../testing/world.ts';
import { checkSession } from './check-session.ts';
import { checkSessionScript } from './check-session-script.ts';

const world = await openWorld();
after(() => world.close());

const NAME = '__Host-hufu_browser_state';
const ORIGIN = 'https://app.example';

interface Question {
  readonly cookie?: string;
  readonly data: unknown;
  readonly origin?: string;
  /** The origin of the page that frames it; undefined: the browser does not say. */
  readonly parent?: string;
  /** What the browser says of cookies in frames of others; undefined: it has no such word. */
  readonly storageAccess?: boolean;
}

/** What the page's script answers, and to whom. */
async function ask({
  cookie = '',
  data,
  origin = ORIGIN,
  parent,
  storageAccess,
}: Question): Promise<readonly (readonly [unknown, string])[]> {
  const answers: (readonly [unknown, string])[] = [];
  const source = { postMessage: (status: unknown, to: string) => answers.push([status, to]) };
  let hear: ((event: object) => void) | undefined;
  const document = { cookie, ...(storageAccess === undefined ? {} : { hasStorageAccess: () => Promise.resolve(storageAccess) }) };
  const window = { addEventListener: (_: string, listener: (event: object) => void) => (hear = listener) };
  const location = { ancestorOrigins: parent === undefined ? undefined : [parent] };
  vm.runInNewContext(checkSessionScript(NAME), { document, window, location, btoa });
  hear?.({ data, origin, source });
  await Promise.resolve().then(() => Promise.resolve());
  return answers;
}

interface Known {
  readonly visitor: Visitor;
  readonly client: Client;
  readonly state: string;
  readonly cookie: string;
}

async function known(): Promise<Known> {
  const visitor = await signedIn(world);
  const client = (await findClient(world.ctx, 'spa')) ?? assert.fail('no client');
  const state = sessionState(world.ctx, { client, redirectUri: `${ORIGIN}/cb` }, visitor) ?? assert.fail('no state');
  return { visitor, client, state, cookie: `a=b; ${NAME}=${browserState(world.ctx, visitor.session.id)}; c=d` };
}

test('the page says unchanged while the session is what it was, to the one who asked alone (Session Management §3.2)', async () => {
  const { state, cookie } = await known();
  assert.deepEqual(await ask({ cookie, data: `spa ${state}` }), [['unchanged', ORIGIN]]);
});

test('signed out, signed in again, another client, another origin: changed (Session Management §3.2)', async () => {
  const { state, cookie } = await known();
  const { cookie: other } = await known();
  for (const question of [
    { cookie: '', data: `spa ${state}` },
    { cookie: `${NAME}=`, data: `spa ${state}` },
    { cookie: other, data: `spa ${state}` },
    { cookie, data: `web ${state}` },
    { cookie: `${cookie}; ${NAME}=x`, data: `spa ${state}` },
    { cookie: `${NAME}=x; ${cookie}`, data: `spa ${state}` },
    { cookie, data: `spa ${state.slice(0, -1)}` },
    { cookie, data: `spa ${state.startsWith('A') ? 'B' : 'A'}${state.slice(1)}` },
  ])
    assert.deepEqual(await ask(question), [['changed', ORIGIN]], JSON.stringify(question));
  assert.deepEqual(await ask({ cookie, data: `spa ${state}`, origin: 'https://evil.test' }), [['changed', 'https://evil.test']]);
});

test('what is no question is an error, and whoever has no origin hears nothing (Session Management §3.2)', async () => {
  const { state, cookie } = await known();
  const bad = [
    '',
    'spa',
    ` ${state}`,
    `spa  ${state}`,
    'spa abc',
    'spa .x',
    'spa x.',
    `a b ${state}`,
    {},
    null,
    7,
    `spa ${'x'.repeat(5_000)}.y`,
  ];
  for (const data of bad) assert.deepEqual(await ask({ cookie, data }), [['error', ORIGIN]], JSON.stringify(data)?.slice(0, 40));
  for (const origin of ['null', '', 'file://', 'moz-extension://x'])
    assert.deepEqual(await ask({ cookie, data: `spa ${state}`, origin }), [], origin);
});

test('only the page that framed it is answered, and nobody learns that there is no session (Session Management §3.2)', async () => {
  const { state, cookie } = await known();
  const data = `spa ${state}`;
  assert.deepEqual(await ask({ cookie, data, parent: ORIGIN }), [['unchanged', ORIGIN]]);
  assert.deepEqual(await ask({ cookie, data, parent: 'https://evil.test' }), [['error', ORIGIN]]);
  const salt = 'salt';
  const empty = createHash('sha256').update(`spa ${ORIGIN}  ${salt}`).digest('base64url');
  assert.deepEqual(await ask({ data: `spa ${empty}.${salt}` }), [['changed', ORIGIN]]);
});

test('where the browser hides our cookies from pages of others the answer is an error: nobody signs in again and again (Session Management §3.1)', async () => {
  const { state, cookie } = await known();
  const data = `spa ${state}`;
  assert.deepEqual(await ask({ data, storageAccess: false }), [['error', ORIGIN]]);
  assert.deepEqual(await ask({ data, storageAccess: true }), [['changed', ORIGIN]]);
  assert.deepEqual(await ask({ data, cookie, storageAccess: false }), [['unchanged', ORIGIN]]);
});

test("the script's SHA-256 is the one of everybody, for texts of every length and of other scripts than ours", async () => {
  const hash = (text: string): string => createHash('sha256').update(text).digest('base64url');
  const cookie = `${NAME}=x`;
  for (let length = 1; length < 200; length += 1) {
    const client = 'c'.repeat(length);
    assert.deepEqual(
      await ask({ cookie, data: `${client} ${hash(`${client} ${ORIGIN} x salt`)}.salt` }),
      [['unchanged', ORIGIN]],
      String(length),
    );
  }
  assert.deepEqual(await ask({ cookie, data: `虎符😀 ${hash(`虎符😀 ${ORIGIN} x salt`)}.salt` }), [['unchanged', ORIGIN]]);
});

test('it is ES5, for browsers that know no more', () => {
  assert.doesNotMatch(checkSessionScript(NAME), /=>|\b(?:const|let|class|async|await)\b|`|\.\.\.|crypto/);
});

test('anybody may frame it, nothing but its own script runs in it, and it is kept (Session Management §3.3)', () => {
  const reply = checkSession(world.ctx);
  const script = /<script>([\s\S]*)<\/script>/.exec(reply.body.toString())?.[1] ?? '';
  assert.match(reply.body.toString(), /<body data-page="check-session">/, 'named as every page is');
  assert.equal(script, checkSessionScript(NAME));
  const policy = String(reply.headers['content-security-policy']);
  assert.equal(policy, `default-src 'none'; script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'; base-uri 'none'`);
  assert.equal('x-frame-options' in reply.headers, false);
  assert.match(String(reply.headers['content-type']), /^text\/html/);
  assert.equal(ISSUER.startsWith('https:'), true);
  const plain = checkSession({ ...world.ctx, issuer: 'http://localhost:1' });
  assert.ok(plain.body.toString().includes("'hufu_browser_state='"));
});
