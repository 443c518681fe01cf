import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { OAuthError } from '@hufu/protocol/errors';
import { readQuery } from '@hufu/protocol/form';
import { Trail } from '../decisions/trail.ts';
import { PageError } from '../interaction/page-error.ts';
import { authorizationQuery, CHALLENGE, tokensOf } from '../testing/visits.ts';
import { API, BASIC_YAML, ISSUER, openWorld, START, VAULT } from '../testing/world.ts';
import type { AuthorizationRequest } from './authorization-request.ts';
import { REQUEST_RULES, RedirectError, readAuthorizationRequest } from './read-request.ts';

type Parameters = Readonly<Record<string, string | undefined>>;

const world = await openWorld({
  yaml: BASIC_YAML.replace('- client_id: web\n', '- client_id: web\n    default_max_age: 1200\n    response_modes: [form_post]\n'),
});
after(() => world.close());

function read(part: Parameters | string = {}): Promise<AuthorizationRequest> {
  const query = typeof part === 'string' ? part : authorizationQuery(part);
  return readAuthorizationRequest(world.ctx, readQuery(query, REQUEST_RULES), { kind: 'browser' }, new Trail(), START);
}

/** What refuses a request: the check that failed, and how. */
async function refusal(
  part: Parameters | string,
): Promise<{ readonly check: string | undefined; readonly error: unknown; readonly trail: Trail }> {
  const trail = new Trail();
  const query = typeof part === 'string' ? part : authorizationQuery(part);
  try {
    await readAuthorizationRequest(world.ctx, readQuery(query, REQUEST_RULES), { kind: 'browser' }, trail, START);
  } catch (error) {
    return { check: trail.reached.at(-1), error, trail };
  }
  return assert.fail('it was not refused');
}

async function refusedToClient(part: Parameters | string, check: string, code: string, detail?: string): Promise<RedirectError> {
  const { check: failed, error } = await refusal(part);
  assert.ok(error instanceof RedirectError, String(error));
  assert.ok(error.cause instanceof OAuthError);
  assert.deepEqual({ check: failed, code: error.error.code, detail: error.error.detail }, { check, code, detail });
  assert.equal(error.path.redirectUri, 'https://app.example/cb');
  return error;
}

async function refusedOnPage(part: Parameters | string, check: string, kind: string, detail: string): Promise<PageError> {
  const { check: failed, error } = await refusal(part);
  assert.ok(error instanceof PageError, String(error));
  assert.deepEqual({ check: failed, kind: error.kind, detail: error.detail }, { check, kind, detail });
  return error;
}

test('a good request is read whole, and what it has nothing to say of is left open (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1)', async () => {
  const request = await read({
    nonce: 'n',
    login_hint: 'alice',
    ui_locales: 'zh-CN en',
    max_age: '60',
    prompt: 'login consent',
    extra: 'foobar',
  });
  assert.equal(request.client.id, 'spa');
  assert.equal(request.redirectUri, 'https://app.example/cb');
  assert.equal(request.mode, 'query');
  assert.equal(request.state, 's-1');
  assert.deepEqual(request.scopes, ['openid', 'read']);
  assert.deepEqual(request.resources, [API]);
  assert.equal(request.codeChallenge, CHALLENGE);
  assert.equal(request.nonce, 'n');
  assert.deepEqual(request.prompt, ['login', 'consent']);
  assert.equal(request.maxAge, 60);
  assert.equal(request.loginHint, 'alice');
  assert.equal(request.uiLocales, 'zh-CN en');
  assert.equal(request.askedOffline, false);

  const bare = await read({ state: undefined, scope: undefined });
  for (const open of ['state', 'nonce', 'maxAge', 'loginHint', 'uiLocales'] as const) assert.equal(bare[open], undefined, open);
  assert.deepEqual([bare.scopes, bare.prompt, bare.resources], [[], [], [ISSUER]]);
});

test('the checks come in their order, so that the first that fails is the one that is told', async () => {
  const trail = new Trail();
  await readAuthorizationRequest(world.ctx, readQuery(authorizationQuery(), REQUEST_RULES), { kind: 'browser' }, trail, START);
  assert.deepEqual(trail.reached, [
    'client_known',
    'client_enabled',
    'request_object',
    'redirect_uri',
    'parameters',
    'response_mode',
    'response_type',
    'pkce',
    'prompt',
    'id_token_hint',
    'claims',
    'resource',
    'authorization_details',
    'dpop_jkt',
    'scope',
  ]);
  assert.equal(trail.clientId, 'spa');
  const everythingWrong = { scope: 'nope', code_challenge: undefined, response_type: 'token', redirect_uri: 'https://evil.test/' };
  assert.equal((await refusal(everythingWrong)).check, 'redirect_uri');
  assert.equal((await refusal({ ...everythingWrong, redirect_uri: 'https://app.example/cb' })).check, 'response_type');
});

test('without a client that is certain nobody is redirected: missing, unknown and repeated client_id (RFC 6749 §2.2, §4.1.2.1)', async () => {
  await refusedOnPage({ client_id: undefined }, 'client_known', 'client_id_missing', 'no client_id');
  for (const id of ['nobody', 'SPA', 'spa ', 'x'.repeat(300), 'ä'])
    await refusedOnPage({ client_id: id }, 'client_known', 'client_id_unknown', 'there is no such client');
  await refusedOnPage(`${authorizationQuery()}&client_id=web`, 'client_known', 'parameter_repeated', 'client_id');
  const { trail } = await refusal({ client_id: 'x'.repeat(300) });
  assert.ok(trail.clientId.length <= 255, 'what goes into the record is bounded');
});

test('a disabled client looks like one that is not there, except in the record (RFC 6749 §4.1.2.1)', async () => {
  const own = await openWorld();
  const spa = (await own.store.listClients(own.tenant, '', 10)).find(({ clientId }) => clientId === 'spa') ?? assert.fail();
  const { clientId, metadata, secrets, source } = spa;
  await own.store.putClient(own.tenant, { clientId, metadata, secrets, source, enabled: false }, own.now());
  const trail = new Trail();
  await assert.rejects(
    readAuthorizationRequest(own.ctx, readQuery(authorizationQuery(), REQUEST_RULES), { kind: 'browser' }, trail, START),
    {
      kind: 'client_id_unknown',
      detail: 'the client is disabled',
    },
  );
  assert.equal(trail.reached.at(-1), 'client_enabled');
  await own.close();
});

test('the redirect URI is sent, once, and registered to the character, or a page of ours says so (RFC 6749 §3.1.2.3, RFC 9700 §2.1)', async () => {
  await refusedOnPage({ redirect_uri: undefined }, 'redirect_uri', 'redirect_uri_missing', 'no redirect_uri');
  await refusedOnPage(
    `${authorizationQuery()}&redirect_uri=https%3A%2F%2Fapp.example%2Fcb`,
    'redirect_uri',
    'parameter_repeated',
    'redirect_uri',
  );
  for (const uri of [
    'https://app.example/cb/',
    'https://app.example/cb?x',
    'https://app.example/CB',
    'https://web.example/cb',
    'javascript:alert(1)',
  ]) {
    const error = await refusedOnPage({ redirect_uri: uri }, 'redirect_uri', 'redirect_uri_not_registered', `asked for ${uri}`);
    assert.deepEqual(error.received, [{ name: 'redirect_uri', value: uri }]);
  }
  const long = `https://app.example/${'x'.repeat(3_000)}`;
  assert.equal(
    (await refusedOnPage({ redirect_uri: long }, 'redirect_uri', 'redirect_uri_not_registered', `asked for ${long.slice(0, 300)}`)).detail
      .length,
    310,
  );
});

test('a native client may name any port of its loopback address (RFC 8252 §7.3)', async () => {
  assert.equal((await read({ client_id: 'native', redirect_uri: 'http://127.0.0.1:51004/cb' })).redirectUri, 'http://127.0.0.1:51004/cb');
});

test('any other repeated parameter goes to the client as invalid_request, and resource may repeat (RFC 6749 §3.1, RFC 8707 §2)', async () => {
  for (const name of ['state', 'scope', 'nonce', 'code_challenge', 'prompt', 'unheard-of']) {
    await refusedToClient(`${authorizationQuery({ [name]: 'x' })}&${name}=x`, 'parameters', 'invalid_request', name);
  }
  const long = 'y'.repeat(500);
  await refusedToClient(`${authorizationQuery()}&${long}=1&${long}=1`, 'parameters', 'invalid_request', long.slice(0, 100));
  const both = await read(
    `${authorizationQuery({ scope: 'read' })}&resource=${encodeURIComponent(VAULT)}&resource=${encodeURIComponent(API)}`,
  );
  assert.deepEqual(both.resources, [VAULT, API]);
});

test('a repeated state does not come back: neither of the two is the one (RFC 6749 §4.1.2.1)', async () => {
  const error = await refusedToClient(`${authorizationQuery()}&state=s-2`, 'parameters', 'invalid_request', 'state');
  assert.equal(error.path.state, undefined);
});

test('response_mode is query, fragment or form_post, and an error travels in the mode asked for (OAuth Multiple Response Types §2.1)', async () => {
  assert.equal((await read({ response_mode: 'form_post' })).mode, 'form_post');
  assert.equal((await read({ response_mode: 'fragment' })).mode, 'fragment');
  for (const mode of ['web_message', 'QUERY', 'JWT', 'jwt.query']) {
    const error = await refusedToClient({ response_mode: mode }, 'response_mode', 'invalid_request');
    assert.equal(error.path.mode, 'query');
  }
  const error = await refusedToClient({ response_mode: 'form_post', scope: 'nope' }, 'scope', 'invalid_scope', 'nope');
  assert.equal(error.path.mode, 'form_post');
});

test('a client that registered its response modes is held to them (OAuth Multiple Response Types §2.1)', async () => {
  const web = { client_id: 'web', redirect_uri: 'https://web.example/cb' };
  assert.equal((await read({ ...web, response_mode: 'form_post' })).mode, 'form_post');
  for (const mode of ['query', undefined]) {
    const { check, error } = await refusal({ ...web, response_mode: mode });
    assert.ok(error instanceof RedirectError);
    assert.deepEqual([check, error.error.code, error.error.detail], ['response_mode', 'invalid_request', 'query']);
  }
});

test('form_post reaches web sites alone, and carries a state that a form can carry (Form Post Response Mode §2)', async () => {
  const native = { client_id: 'native', redirect_uri: 'com.example.app:/cb', response_mode: 'form_post' };
  const { check, error } = await refusal(native);
  assert.ok(error instanceof RedirectError);
  assert.deepEqual([check, error.error.code, error.path.mode], ['response_mode', 'invalid_request', 'query']);
  for (const state of ['a\nb', 'a\0b', 'a\rb']) {
    const refused = await refusedToClient({ response_mode: 'form_post', state }, 'response_mode', 'invalid_request');
    assert.equal(refused.path.state, undefined);
    assert.equal((await read({ state })).state, state, 'an address carries it');
  }
});

test('a parameter that is not well-formed goes to the client, where that is certain (RFC 6749 §4.1.2.1)', async () => {
  await refusedToClient(`${authorizationQuery({ nonce: undefined })}&nonce=%ff`, 'parameters', 'invalid_request', 'nonce');
  await refusedToClient(`${authorizationQuery({ scope: undefined })}&scope=%zz`, 'parameters', 'invalid_scope', 'scope');
});

test('a state of up to 2,048 characters comes back; a longer one is refused and does not (RFC 6749 §4.1.1)', async () => {
  assert.equal((await read({ state: 'x'.repeat(2_048) })).state?.length, 2_048);
  const error = await refusedToClient({ state: 'x'.repeat(2_049) }, 'response_mode', 'invalid_request');
  assert.equal(error.path.state, undefined);
});

test('response_type is code, registered for the client (RFC 6749 §3.1.1)', async () => {
  await refusedToClient({ response_type: undefined }, 'response_type', 'invalid_request');
  for (const type of ['token', 'id_token', 'code token', 'CODE', 'none']) {
    await refusedToClient({ response_type: type }, 'response_type', 'unsupported_response_type', type);
  }
  const { check, error } = await refusal({ client_id: 'machine', redirect_uri: 'https://machine.example/cb' });
  assert.equal(check, 'redirect_uri');
  assert.ok(error instanceof PageError, 'a client without redirect URIs has nowhere to be sent');
});

test('what comes in a request object that cannot be had is refused by name, never half heard (OpenID Connect Core §6.1, §6.2, RFC 9101 §5, attacks AUT-31, AUT-32)', async () => {
  const { error } = await refusal({ request: 'x.y.z' });
  assert.ok(error instanceof RedirectError && error.error.code === 'invalid_request_object');
  await refusedToClient({ request_uri: 'https://app.example/r' }, 'request_object', 'request_uri_not_supported');
  await refusedToClient({ registration: '{}' }, 'request_object', 'registration_not_supported');
  await refusedToClient({ request: 'x', request_uri: 'y' }, 'request_object', 'invalid_request');
});

test('PKCE with S256 is for everybody, confidential clients of the configuration too (RFC 7636 §4.3, §4.4.1, attacks AUT-12)', async () => {
  for (const part of [
    { code_challenge: undefined, code_challenge_method: undefined },
    { code_challenge: undefined },
    { code_challenge_method: undefined },
    { code_challenge_method: 'plain' },
    { code_challenge: 'short' },
    { code_challenge: `${CHALLENGE}=` },
  ]) {
    await refusedToClient(part, 'pkce', 'invalid_request');
  }
});

test('prompt: known words, none alone, no more of them than there are (OpenID Connect Core §3.1.2.1)', async () => {
  for (const prompt of ['none', 'login', 'consent', 'select_account', 'login consent select_account'])
    assert.deepEqual((await read({ prompt })).prompt, prompt.split(' '));
  await refusedToClient({ prompt: 'none login' }, 'prompt', 'invalid_request');
  await refusedToClient({ prompt: 'login none' }, 'prompt', 'invalid_request');
  for (const [prompt, word] of [
    ['create', 'create'],
    ['LOGIN', 'LOGIN'],
    ['login  consent', ''],
    ['z'.repeat(90), 'z'.repeat(50)],
  ] as const) {
    await refusedToClient({ prompt }, 'prompt', 'invalid_request', word);
  }
  await refusedToClient({ prompt: 'login login login login login none' }, 'prompt', 'invalid_request');
});

test('prompt=create is heard where people make their own accounts, and for nobody in particular (OpenID Connect Prompt Create §4.1)', async () => {
  const open = await openWorld({ yaml: `${BASIC_YAML}\npolicies: { sign_up: open }` });
  const readOpen = (part: Record<string, string>): Promise<unknown> =>
    readAuthorizationRequest(open.ctx, readQuery(authorizationQuery(part), REQUEST_RULES), { kind: 'browser' }, new Trail(), START);
  for (const prompt of ['create', 'create consent', 'login create', 'login consent select_account create'])
    assert.deepEqual(Object(await readOpen({ prompt })).prompt, prompt.split(' '));
  const hint = String((await tokensOf(open))['id_token']);
  const claims = JSON.stringify({ id_token: { sub: { value: 'alice-sub' } } });
  for (const part of [
    { prompt: 'none create' },
    { prompt: 'create none' },
    { prompt: 'create', id_token_hint: hint },
    { prompt: 'create', claims },
  ]) {
    await assert.rejects(readOpen(part), (error) => error instanceof RedirectError && error.error.code === 'invalid_request');
  }
  await open.close();
});

test('max_age: whole seconds of the request, or else default_max_age of the client (OpenID Connect Registration §2)', async () => {
  assert.equal((await read({ max_age: '0' })).maxAge, 0);
  assert.equal((await read({ max_age: '999999999' })).maxAge, 999_999_999);
  for (const text of ['-1', '1.5', 'soon', '1e3', ' 1', '9999999999'])
    await refusedToClient({ max_age: text }, 'prompt', 'invalid_request');
  const web = { client_id: 'web', redirect_uri: 'https://web.example/cb', response_mode: 'form_post' };
  assert.equal((await read(web)).maxAge, 1_200);
  assert.equal((await read({ ...web, max_age: '5' })).maxAge, 5);
});

test('a nonce of up to 1,024 characters comes back as it went; a hint that is too long is no hint (OpenID Connect Core §3.1.2.1)', async () => {
  assert.equal((await read({ nonce: 'ä '.repeat(512) })).nonce, 'ä '.repeat(512));
  await refusedToClient({ nonce: 'x'.repeat(1_025) }, 'prompt', 'invalid_request');
  assert.equal((await read({ login_hint: 'x'.repeat(256) })).loginHint?.length, 256);
  assert.equal((await read({ login_hint: 'x'.repeat(257) })).loginHint, undefined);
});

test('each resource exists, and there are at most eight (RFC 8707 §2)', async () => {
  assert.deepEqual((await read({ resource: VAULT, scope: 'unlock' })).resources, [VAULT]);
  await refusedToClient({ resource: 'https://other.example/' }, 'resource', 'invalid_target', 'https://other.example/');
  const many = `&resource=${encodeURIComponent(API)}`;
  assert.equal((await read(authorizationQuery() + many.repeat(8))).resources.length, 1);
  await refusedToClient(authorizationQuery() + many.repeat(9), 'resource', 'invalid_target');
});

test('each scope is known, offered by what is named, and the client may ask for it (RFC 6749 §3.3)', async () => {
  await refusedToClient({ scope: 'openid delete' }, 'scope', 'invalid_scope', 'delete');
  await refusedToClient({ scope: 'write', resource: VAULT }, 'scope', 'invalid_scope', 'write');
  await refusedToClient({ scope: 'read  write' }, 'scope', 'invalid_scope');
  const third = { client_id: 'third', redirect_uri: 'https://third.example/cb' };
  assert.deepEqual((await read({ ...third, scope: 'openid read' })).scopes, ['openid', 'read']);
  const { error, check } = await refusal({ ...third, scope: 'openid write' });
  assert.ok(error instanceof RedirectError);
  assert.deepEqual([check, error.error.code, error.error.detail], ['scope', 'invalid_scope', 'write']);
});

test('offline_access is heard with prompt=consent from a client with refresh tokens, and otherwise left out (OpenID Connect Core §11)', async () => {
  const heard = await read({ scope: 'openid offline_access', prompt: 'consent' });
  assert.deepEqual([heard.scopes, heard.askedOffline], [['openid', 'offline_access'], true]);
  const unheard = await read({ scope: 'openid offline_access' });
  assert.deepEqual([unheard.scopes, unheard.askedOffline], [['openid'], true]);
  const native = await read({
    client_id: 'native',
    redirect_uri: 'com.example.app:/cb',
    scope: 'openid offline_access',
    prompt: 'consent',
  });
  assert.deepEqual(native.scopes, ['openid'], 'it has no refresh grant');
  const third = await read({
    client_id: 'third',
    redirect_uri: 'https://third.example/cb',
    scope: 'openid offline_access',
    prompt: 'consent',
  });
  assert.deepEqual(third.scopes, ['openid'], 'it may not ask for it');
});

test('id_token_hint is an ID token that we gave this very client, or invalid_request (OpenID Connect Core §3.1.2.1)', async () => {
  const { id_token: own, access_token: access } = await tokensOf(world);
  assert.equal((await read({ id_token_hint: String(own) })).expectedSubject, 'alice-sub');
  assert.equal((await read()).expectedSubject, undefined);
  for (const hint of ['x', String(access), `${String(own).slice(0, -6)}AAAAAA`])
    await refusedToClient({ id_token_hint: hint }, 'id_token_hint', 'invalid_request');
  const { error } = await refusal({ client_id: 'third', redirect_uri: 'https://third.example/cb', id_token_hint: String(own) });
  assert.ok(error instanceof RedirectError);
  assert.match(error.error.description, /another client/);
});
