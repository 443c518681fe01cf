import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readQuery } from '@hufu/protocol/form';
import { type SessionId, sessionId } from '@hufu/protocol/ids';
import { Trail } from '../decisions/trail.ts';
import { authorizationQuery, signedIn, tokensOf, type Visitor } from '../testing/visits.ts';
import { API, BASIC_YAML, openWorld, START } from '../testing/world.ts';
import type { AuthorizationRequest } from './authorization-request.ts';
import { type Done, decide, type NextStep } from './decide.ts';
import { REQUEST_RULES, readAuthorizationRequest } from './read-request.ts';

const NOTHING: Done = { signedIn: undefined, startedAt: START, wished: false, here: undefined, agreed: false };
const THIRD = { client_id: 'third', redirect_uri: 'https://third.example/cb' };
const NATIVE = { client_id: 'native', redirect_uri: 'com.example.app:/cb' };

const world = await openWorld();
const alice = await signedIn(world);
after(() => world.close());

function read(part: Record<string, string> = {}): Promise<AuthorizationRequest> {
  return readAuthorizationRequest(world.ctx, readQuery(authorizationQuery(part), REQUEST_RULES), { kind: 'browser' }, new Trail(), START);
}

interface Case {
  readonly visitor?: Visitor | undefined;
  readonly done?: Partial<Done>;
  readonly age?: number;
}

async function step(part: Record<string, string>, { visitor = alice, done = {}, age = 0 }: Case = {}): Promise<NextStep['kind']> {
  return (await decide(world.ctx, await read(part), visitor, { ...NOTHING, ...done }, START + age)).kind;
}

async function refused(part: Record<string, string>, code: string, session: Visitor | undefined, age = 0): Promise<void> {
  await assert.rejects(async () => decide(world.ctx, await read(part), session, NOTHING, START + age), { code });
}

test('prompt=create: sign up whoever is signed in, and once that is done it is done (OpenID Connect Prompt Create §4.1)', async () => {
  const open = await openWorld({ yaml: `${BASIC_YAML}\npolicies: { sign_up: open }` });
  const request = await readAuthorizationRequest(
    open.ctx,
    readQuery(authorizationQuery({ prompt: 'create' }), REQUEST_RULES),
    { kind: 'browser' },
    new Trail(),
    START,
  );
  const visitor = await signedIn(open);
  const kind = async (session: Visitor | undefined, signedInFor?: SessionId): Promise<NextStep['kind']> =>
    (await decide(open.ctx, request, session, { ...NOTHING, signedIn: signedInFor }, START)).kind;
  assert.equal(await kind(undefined), 'sign_up');
  assert.equal(await kind(visitor), 'sign_up');
  assert.equal(await kind(visitor, visitor.session.id), 'issue');
  assert.equal(await kind(undefined, visitor.session.id), 'sign_in', 'no second account where the session of the first has ended');
  await open.close();
});

const bySignIn = (id: SessionId): Case => ({ done: { signedIn: id } });

test('nobody is signed in: sign in, or login_required with prompt=none (OpenID Connect Core §3.1.2.3)', async () => {
  assert.deepEqual(await decide(world.ctx, await read(), undefined, NOTHING, START), { kind: 'sign_in' });
  await refused({ prompt: 'none' }, 'login_required', undefined);
  assert.deepEqual(
    await decide(world.ctx, await read(THIRD), undefined, { ...NOTHING, signedIn: alice.session.id, agreed: true }, START),
    { kind: 'sign_in' },
    'whatever happened before',
  );
});

test('somebody is signed in: our own client gets its code, silently too (OpenID Connect Core §3.1.2.3)', async () => {
  assert.equal(await step({}), 'issue');
  assert.equal(await step({ prompt: 'none' }), 'issue');
});

test('max_age is met up to its very second, and 0 is never met by an older sign-in (OpenID Connect Core §3.1.2.1)', async () => {
  assert.equal(await step({ max_age: '60' }, { age: 60 }), 'issue');
  assert.equal(await step({ max_age: '60' }, { age: 61 }), 'sign_in');
  assert.equal(await step({ max_age: '0' }), 'sign_in', 'not even in the same second');
  await refused({ max_age: '60', prompt: 'none' }, 'login_required', alice, 61);
  assert.equal(await step({ max_age: '10000' }, { age: 10_000 }), 'issue');
});

test('prompt=login and select_account want a new sign-in, which the one for this very request is (OpenID Connect Core §3.1.2.1)', async () => {
  for (const prompt of ['login', 'select_account']) {
    assert.equal(await step({ prompt }), 'sign_in', prompt);
    assert.equal(await step({ prompt }, bySignIn(alice.session.id)), 'issue', prompt);
    assert.equal(await step({ prompt }, bySignIn(sessionId(alice.session.id + 1))), 'sign_in', `${prompt}: somebody else's`);
  }
  assert.equal(await step({ max_age: '0' }, { ...bySignIn(alice.session.id), age: 100 }), 'issue');
});

test('a client that is not ours asks once, and again for whatever is new (OpenID Connect Core §3.1.2.4)', async () => {
  assert.equal(await step({ ...THIRD, scope: 'openid' }), 'consent');
  await refused({ ...THIRD, scope: 'openid', prompt: 'none' }, 'consent_required', alice);
  assert.equal(await step({ ...THIRD, scope: 'openid' }, { done: { agreed: true } }), 'issue');

  const { client } = await read(THIRD);
  await world.store.giveConsent(world.tenant, alice.user.id, client.id, ['openid', 'read'], [API], START);
  assert.equal(await step({ ...THIRD, scope: 'openid read' }), 'issue');
  assert.equal(await step({ ...THIRD, scope: 'read', prompt: 'none' }), 'issue');
  assert.equal(await step({ ...THIRD, scope: 'openid profile read' }), 'consent', 'a scope more');
  assert.equal(await step({ ...THIRD, scope: 'read', resource: 'urn:example:vault' }), 'consent', 'the same scope at another resource');
  assert.equal(await step({ ...THIRD, scope: 'read', prompt: 'consent' }), 'consent', 'prompt=consent asks again');
  const bob = await signedIn(world, 'bob');
  assert.equal(await step({ ...THIRD, scope: 'read' }, { visitor: bob }), 'consent', 'nobody agrees for somebody else');
});

test("a native client asks each time: its name is anybody's to use (RFC 8252 §8.6)", async () => {
  const { client } = await read(NATIVE);
  await world.store.giveConsent(world.tenant, alice.user.id, client.id, ['openid', 'read'], [API], START);
  assert.equal(await step(NATIVE), 'consent');
  await refused({ ...NATIVE, prompt: 'none' }, 'consent_required', alice);
  assert.equal(await step(NATIVE, { done: { agreed: true } }), 'issue');
});

test('our own client asks only when prompt=consent says so (OpenID Connect Core §3.1.2.4)', async () => {
  assert.equal(await step({ prompt: 'consent' }), 'consent');
  assert.equal(await step({ prompt: 'consent' }, { done: { agreed: true } }), 'issue');
});

test('having agreed is no sign-in', async () => {
  assert.equal(await step({ ...THIRD, prompt: 'login', scope: 'openid' }, { done: { agreed: true } }), 'sign_in');
});

test('id_token_hint names whom the client expects: anybody else signs in, and then it is that one or login_required (OpenID Connect Core §3.1.2.1)', async () => {
  const bob = await signedIn(world, 'bob');
  const hint = { id_token_hint: String((await tokensOf(world, {}, bob))['id_token']) };
  assert.equal(await step(hint, { visitor: bob }), 'issue');
  assert.equal(await step({ ...hint, prompt: 'none' }, { visitor: bob }), 'issue');
  assert.equal(await step(hint, { visitor: alice }), 'sign_in');
  await refused({ ...hint, prompt: 'none' }, 'login_required', alice);
  await assert.rejects(step(hint, { visitor: alice, ...bySignIn(alice.session.id) }), { code: 'login_required' });
  assert.equal(await step(hint, { visitor: bob, ...bySignIn(bob.session.id) }), 'issue');
});
