import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Form } from '@hufu/protocol/form';
import { clientId, grantId } from '@hufu/protocol/ids';
import { readHolder, writeHolder } from '@hufu/protocol/tally';
import { StoreUnavailable } from '@hufu/store/port';
import { openPushed } from '../authorize/pushed-request.ts';
import { consentGet, consentPost } from '../interaction/consent.ts';
import { csrfToken } from '../interaction/csrf.ts';
import { browserOf } from '../sessions/known-browser.ts';
import { assertionClaims, assertionForm, clientKeyPair, signWith } from '../testing/client-assertions.ts';
import { answerOf, authorizationQuery, CHALLENGE, post, postToken, signedIn, VERIFIER, type Visitor } from '../testing/visits.ts';
import { BASIC_YAML, ISSUER, openWorld, SECRETS, START, START_MS, type World } from '../testing/world.ts';
import { authorize } from './authorize.ts';
import { pushedAuthorizationRequest } from './par.ts';

const pair = await clientKeyPair('ec');
const YAML = BASIC_YAML.replace(
  '\nresources:',
  `
  - client_id: signer
    token_endpoint_auth_method: private_key_jwt
    redirect_uris: [https://signer.example/cb]
    jwks: { keys: [${JSON.stringify(pair.jwk)}] }
    require_pushed_authorization_requests: true
    require_signed_request_object: true
    hufu: { first_party: true }
  - client_id: loose
    client_secret: ${SECRETS.api}
    redirect_uris: [https://loose.example/cb]
    jwks: { keys: [${JSON.stringify(pair.jwk)}] }
    hufu: { first_party: true }
resources:`,
);
const world = await openWorld({ yaml: YAML });
const alice = await signedIn(world);
after(() => world.close());

const WEB = { client_id: 'web', redirect_uri: 'https://web.example/cb' };
const WEB_BASIC = { basic: `web:${SECRETS.web}` };
const THUMBPRINT = 'k'.repeat(43);

type Pushed = Awaited<ReturnType<typeof post>>;

function push(
  fields: Readonly<Record<string, string | undefined>> = {},
  headers: Record<string, string> = WEB_BASIC,
  at = world,
): Promise<Pushed> {
  return post(at, pushedAuthorizationRequest, authorizationQuery({ ...WEB, ...fields }), headers);
}

function come(
  uri: unknown,
  visitor: Visitor | 'nobody' = alice,
  part: Readonly<Record<string, string>> = {},
  at = world,
): ReturnType<typeof authorize> {
  const query = new URLSearchParams({ client_id: 'web', request_uri: String(uri), ...part }).toString();
  return Promise.resolve(
    authorize(at.ctx, at.http({ path: '/oauth/authorize', query, headers: visitor === 'nobody' ? {} : { cookie: visitor.cookie } })),
  );
}

async function assertAnswered(reply: ReturnType<typeof authorize>): Promise<void> {
  const { status, headers, body } = await reply;
  assert.deepEqual([status, headers['location']], [200, undefined]);
  assert.match(body.toString(), /data-page="completed"/);
}

async function assertPage(reply: ReturnType<typeof authorize>, phrase: string, why?: string): Promise<void> {
  const { status, headers, body } = await reply;
  assert.deepEqual([status, headers['location']], [400, undefined]);
  assert.match(body.toString(), new RegExp(`id="phrase"[^>]*>${phrase}<`));
  if (why !== undefined) assert.equal((await world.why({ headers })).detail, why);
}

test('a pushed request brings a request_uri that nobody guesses, for a minute (RFC 9126 §2.2, attacks AUT-33)', async () => {
  const reply = await push();
  assert.equal(reply.status, 201);
  assert.deepEqual([reply.headers['content-type'], reply.headers['cache-control']], ['application/json', 'no-store']);
  assert.equal(reply.json['expires_in'], 60);
  assert.match(String(reply.json['request_uri']), /^urn:ietf:params:oauth:request_uri:hfp_[\w-]{64}$/);
  assert.notEqual((await push()).json['request_uri'], reply.json['request_uri']);
});

test('the browser comes with it and what was pushed counts, not what stands beside it (RFC 9126 §4)', async () => {
  const { json } = await push({ state: 'pushed' });
  const answer = answerOf(
    await come(json['request_uri'], alice, { state: 'other', redirect_uri: 'https://evil.example/', scope: 'nonsense' }),
  );
  assert.deepEqual([answer.get('state'), answer.has('code'), answer.get('iss')], ['pushed', true, ISSUER]);
  const fields = { grant_type: 'authorization_code', redirect_uri: WEB.redirect_uri, code_verifier: VERIFIER };
  assert.equal((await postToken(world, { ...fields, code: answer.get('code') ?? '' }, WEB_BASIC)).status, 200);
});

test('it is answered once; before that it may be shown again and again (RFC 9126 §4, §7.3, attacks AUT-36)', async () => {
  const { json } = await push();
  for (let visit = 0; visit < 3; visit++)
    assert.match(String((await come(json['request_uri'], 'nobody')).headers['location']), /^\/signin\?/);
  assert.ok(answerOf(await come(json['request_uri'])).has('code'));
  await assertAnswered(come(json['request_uri']));
});

test('an error is an answer too (RFC 9126 §4, attacks AUT-36)', async () => {
  const { json } = await push({ prompt: 'none' });
  assert.equal(answerOf(await come(json['request_uri'], 'nobody')).get('error'), 'login_required');
  await assertAnswered(come(json['request_uri']));
});

test('two requests in one are none: request and request_uri together (RFC 9101 §5, attacks AUT-31)', async () => {
  const { json } = await push();
  await assertPage(come(json['request_uri'], alice, { request: 'x' }), 'request is malformed');
});

test('whose time is over, whose text was changed, or whom another client pushed, brings nobody back (RFC 9126 §2.2, §4, attacks AUT-35, AUT-36)', async () => {
  const uri = String((await push()).json['request_uri']);
  await assertPage(come(uri, alice, { client_id: 'third' }), 'request_uri is not valid', 'it was pushed by web');
  await assertPage(come(`${uri.slice(0, -1)}${uri.endsWith('A') ? 'B' : 'A'}`), 'request_uri is not valid');
  await assertPage(come('urn:ietf:params:oauth:request_uri:x'), 'request_uri is not valid');
  const { sealKeyId, tally } = world.ctx.keys;
  const forged = (id: number): string =>
    `urn:ietf:params:oauth:request_uri:${writeHolder(tally, 'pushed', { keyId: sealKeyId, id, generation: 0 }, 'A'.repeat(24))}`;
  await assertPage(come(forged(1)), 'request_uri is not valid', 'its secret is not the one the row knows');
  await assertPage(come(forged(999_999)), 'request_uri has expired');
  world.clock.freeze(START_MS + 60_000);
  await assertPage(come(uri), 'request_uri has expired', 'expired 0 seconds ago');
  world.clock.freeze(START_MS);
  assert.ok(answerOf(await come(uri)).has('code'), 'and none of that has spent it');
});

test('what is wrong is said when it is pushed, as JSON (RFC 9126 §2.3)', async () => {
  const cases: readonly (readonly [Record<string, string | undefined>, string])[] = [
    [{ redirect_uri: 'https://evil.example/' }, 'invalid_request'],
    [{ redirect_uri: undefined }, 'invalid_request'],
    [{ response_type: 'nonsense' }, 'unsupported_response_type'],
    [{ scope: 'nonsense' }, 'invalid_scope'],
    [{ code_challenge: undefined }, 'invalid_request'],
    [{ resource: 'urn:unknown' }, 'invalid_target'],
    [{ response_mode: 'nonsense' }, 'invalid_request'],
    [{ authorization_details: '[{"type":"x"}]' }, 'invalid_authorization_details'],
    [{ request: 'x' }, 'invalid_request_object'],
    [{ request_uri: 'https://web.example/r.jwt' }, 'invalid_request'],
    [{ request_uri: String((await push()).json['request_uri']) }, 'invalid_request'],
    [{ dpop_jkt: 'short' }, 'invalid_request'],
    [{ state: 'x'.repeat(2_049) }, 'invalid_request'],
    [{ ui_locales: 'x'.repeat(33_000) }, 'invalid_request'],
  ];
  for (const [fields, error] of cases) {
    const reply = await push(fields);
    assert.deepEqual(
      [reply.status, reply.json['error'], reply.json['request_uri']],
      [400, error, undefined],
      JSON.stringify(fields).slice(0, 80),
    );
    assert.ok('hufu-decision' in reply.headers);
  }
  const twice = await post(world, pushedAuthorizationRequest, `${authorizationQuery(WEB)}&scope=read`, WEB_BASIC);
  assert.deepEqual([twice.status, twice.json['error']], [400, 'invalid_request']);
});

test('whoever pushes proves who they are, as at the token endpoint (RFC 9126 §2.1, attacks AUT-39)', async () => {
  for (const headers of [{}, { basic: 'web:wrong' }, { basic: `third:${SECRETS.third}` }])
    assert.deepEqual([(await push({}, headers)).status, (await push({}, headers)).json['error']], [401, 'invalid_client']);
  const spa = await push({ client_id: 'spa', redirect_uri: 'https://app.example/cb' }, {});
  assert.equal(spa.status, 201, 'a public client says its name');
});

test('neither secrets nor assertions are kept, and the row is of this client alone (RFC 9126 §2.1)', async () => {
  const kept: string[] = [];
  const opened: Form[] = [];
  const watching = await openWorld({
    yaml: YAML,
    wrap: (store) => ({
      ...store,
      pushRequest: (tenant, request, now) => {
        kept.push(request.parameters);
        opened.push(openPushed(watching.ctx, request));
        return store.pushRequest(tenant, request, now);
      },
    }),
  });
  const fields = { ...WEB, client_id: 'third', redirect_uri: 'https://third.example/cb', client_secret: SECRETS.third };
  assert.equal((await push(fields, {}, watching)).status, 201);
  const claims = {
    iss: 'signer',
    aud: ISSUER,
    redirect_uri: 'https://signer.example/cb',
    response_type: 'code',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    nonce: 'inner',
  };
  const signed = { client_id: 'signer', request: signWith(pair, claims), ...assertionForm(signWith(pair, assertionClaims('signer'))) };
  assert.equal((await post(watching, pushedAuthorizationRequest, signed)).status, 201);
  assert.equal(kept.length, 2);
  // Nothing of it stands there to be read.
  for (const parameters of kept) assert.match(parameters, /^[\w-]+$/);
  for (const form of opened) for (const name of ['client_secret', 'client_assertion', 'request']) assert.equal(form.has(name), false, name);
  assert.deepEqual([opened[1]?.get('client_id'), opened[1]?.get('nonce')], ['signer', 'inner']);
  await watching.close();
});

test('a request object is verified when it is pushed, and alone counts then (RFC 9126 §3)', async () => {
  const claims = {
    iss: 'signer',
    aud: ISSUER,
    redirect_uri: 'https://signer.example/cb',
    response_type: 'code',
    state: 'inner',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
  };
  const send = (part: object, outside: Record<string, string> = {}, sign = pair): Promise<Pushed> =>
    post(world, pushedAuthorizationRequest, {
      client_id: 'signer',
      ...outside,
      ...assertionForm(signWith(pair, assertionClaims('signer'))),
      request: signWith(sign, { ...claims, ...part }),
    });
  const pushed = await send({}, { state: 'outer', scope: 'openid read', response_type: 'code' });
  assert.equal(pushed.status, 201, JSON.stringify(pushed.json));
  const answer = answerOf(await come(pushed.json['request_uri'], alice, { client_id: 'signer' }));
  assert.deepEqual([answer.get('state'), answer.has('code')], ['inner', true]);
  assert.equal((await send({ client_id: 'web' })).json['error'], 'invalid_request_object');
  assert.equal((await send({ redirect_uri: undefined }, { redirect_uri: 'https://signer.example/cb' })).json['error'], 'invalid_request');
  assert.equal((await send({}, {}, await clientKeyPair('ec'))).json['error'], 'invalid_request_object');
  const plain = { ...claims, iss: undefined, aud: undefined };
  const bare = await post(world, pushedAuthorizationRequest, {
    client_id: 'signer',
    ...assertionForm(signWith(pair, assertionClaims('signer'))),
    ...JSON.parse(JSON.stringify(plain)),
  });
  assert.equal(bare.json['error'], 'invalid_request', 'this client has to sign');
});

test('an OpenID request that is pushed takes nothing from beside its object either (RFC 9126 §3)', async () => {
  const outside = { client_id: 'loose', scope: 'openid', response_type: 'code', redirect_uri: 'https://loose.example/cb' };
  const claims = {
    iss: 'loose',
    aud: ISSUER,
    response_type: 'code',
    scope: 'openid',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
  };
  const send = (part: object): Promise<Pushed> =>
    post(
      world,
      pushedAuthorizationRequest,
      { ...outside, request: signWith(pair, { ...claims, ...part }) },
      { basic: `loose:${SECRETS.api}` },
    );
  assert.equal((await send({})).json['error'], 'invalid_request');
  assert.equal((await send({ redirect_uri: outside.redirect_uri })).status, 201);
});

test('what changes between the last check and the answer is its answer (RFC 9126 §4)', async () => {
  let refuses = false;
  const own = await openWorld({
    yaml: YAML,
    wrap: (store) => ({
      ...store,
      createGrant: (...args) => (refuses ? Promise.resolve({ kind: 'refused', reason: 'session_ended' }) : store.createGrant(...args)),
    }),
  });
  const visitor = await signedIn(own);
  const { json } = await push({}, WEB_BASIC, own);
  refuses = true;
  assert.equal(answerOf(await come(json['request_uri'], visitor, {}, own)).get('error'), 'login_required');
  refuses = false;
  await assertAnswered(come(json['request_uri'], visitor, {}, own));
  await own.close();
});

test('a client that has to push is refused everything else (RFC 9126 §5, §6, attacks AUT-38)', async () => {
  const query = authorizationQuery({ client_id: 'signer', redirect_uri: 'https://signer.example/cb' });
  const http = (text: string): ReturnType<typeof authorize> =>
    Promise.resolve(authorize(world.ctx, world.http({ path: '/oauth/authorize', query: text, headers: { cookie: alice.cookie } })));
  assert.equal(answerOf(await http(query)).get('error'), 'invalid_request');
  const request = signWith(pair, { iss: 'signer', aud: ISSUER, redirect_uri: 'https://signer.example/cb', response_type: 'code' });
  const reply = await http(new URLSearchParams({ client_id: 'signer', request }).toString());
  assert.equal(answerOf(reply).get('error'), 'invalid_request');
  assert.equal((await world.why(reply)).failed, 'pushed_request');
});

/** From the consent page to its answer. */
async function decideOn(page: string, visitor: Visitor, decision: 'allow' | 'deny'): ReturnType<typeof consentPost> {
  const request = new URL(page, ISSUER).searchParams.get('request') ?? assert.fail();
  const shown = await consentGet(
    world.ctx,
    world.http({ path: '/consent', query: `request=${request}`, headers: { cookie: visitor.cookie } }),
  );
  assert.equal(shown.status, 200);
  const cookie = `${visitor.cookie}; ${String(shown.headers['set-cookie']).split(';', 1)[0] ?? ''}`;
  const http = world.http({ method: 'POST', headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' } });
  const csrf = csrfToken(world.ctx, browserOf(world.ctx, http).id, `/consent ${visitor.session.id}`);
  return await consentPost(world.ctx, { ...http, body: new URLSearchParams({ request, csrf, decision }).toString() });
}

const THIRD = { client_id: 'third', redirect_uri: 'https://third.example/cb', client_secret: SECRETS.third, scope: 'openid read' };

test('our pages carry the request_uri alone, beyond its minute; a no is its answer (RFC 9126 §4, attacks AUT-36)', async () => {
  const bob = await signedIn(world, 'bob');
  const { json } = await push({ ...THIRD, state: 'x'.repeat(2_000), nonce: 'n'.repeat(1_000) }, {});
  const first = String((await come(json['request_uri'], bob, { client_id: 'third' })).headers['location']);
  const second = String((await come(json['request_uri'], bob, { client_id: 'third' })).headers['location']);
  assert.match(first, /^\/consent\?request=/);
  assert.ok(first.length < 400, `${first.length} characters`);
  world.clock.freeze(START_MS + 1_700_000);
  assert.equal(answerOf(await decideOn(first, bob, 'deny')).get('error'), 'access_denied');
  const late = await decideOn(second, bob, 'allow');
  await assertAnswered(Promise.resolve(late));
  world.clock.freeze(START_MS);
});

test('the row stays for whoever has begun, and a client that is gone takes its requests along (RFC 9126 §2.2)', async () => {
  const own = await openWorld({ yaml: YAML });
  const { json } = await push({}, WEB_BASIC, own);
  const uri = json['request_uri'];
  await own.store.revokeClient(own.tenant, clientId('web'), START);
  const reply = await come(uri, await signedIn(own), {}, own);
  assert.equal(reply.status, 400);
  await own.close();
});

test('the key that the code is bound to is kept with the request (RFC 9449 §10, §10.1)', async () => {
  for (const ahead of [true, false]) {
    const fields = { ...WEB, dpop_jkt: THUMBPRINT };
    const reply = ahead
      ? await come((await push(fields)).json['request_uri'])
      : await authorize(
          world.ctx,
          world.http({ path: '/oauth/authorize', query: authorizationQuery(fields), headers: { cookie: alice.cookie } }),
        );
    const code = answerOf(reply).get('code') ?? assert.fail();
    const row = await world.store.findGrant(world.tenant, grantId(readHolder(world.ctx.keys.tally, 'code', code)?.id ?? 0));
    assert.equal(row?.codeRequest?.['boundKey'], `jkt:${THUMBPRINT}`);
  }
});

test('a store that is away is 503, at both ends (RFC 6749 §4.1.2.1)', async () => {
  let away = false;
  const guard =
    <Args extends unknown[], Result>(verb: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      if (away) throw new StoreUnavailable('away');
      return await verb(...args);
    };
  const own: World = await openWorld({
    yaml: YAML,
    wrap: (store) => ({
      ...store,
      pushRequest: guard(store.pushRequest),
      findPushedRequest: guard(store.findPushedRequest),
      takeOnce: guard(store.takeOnce),
    }),
  });
  const visitor = await signedIn(own);
  const uri = (await push({}, WEB_BASIC, own)).json['request_uri'];
  const silent = (await push({ prompt: 'none' }, WEB_BASIC, own)).json['request_uri'];
  away = true;
  const refused = await push({}, WEB_BASIC, own);
  assert.deepEqual([refused.status, refused.json['error']], [503, 'temporarily_unavailable']);
  for (const [one, who] of [
    [uri, visitor],
    [silent, 'nobody'],
  ] as const) {
    const page = await come(one, who, {}, own);
    assert.deepEqual([page.status, page.headers['location']], [503, undefined]);
  }
  away = false;
  assert.ok(answerOf(await come(uri, visitor, {}, own)).has('code'), 'nothing was lost');
  await own.close();
});

test('strangers push no more than a source may (RFC 9126 §2.3, attacks AUT-34)', async () => {
  const own = await openWorld({ yaml: YAML });
  const spa = { client_id: 'spa', redirect_uri: 'https://app.example/cb' };
  for (let sent = 0; sent < 60; sent++) assert.equal((await push(spa, {}, own)).status, 201);
  const refused = await push(spa, {}, own);
  assert.deepEqual([refused.status, refused.json['error'], refused.headers['retry-after']], [429, 'temporarily_unavailable', '1']);
  assert.equal((await own.why(refused)).failed, 'push_throttle');
  assert.equal((await push({}, WEB_BASIC, own)).status, 201, 'whoever proves who they are goes on');
  own.clock.freeze(START_MS + 1_000);
  assert.equal((await push(spa, {}, own)).status, 201);
  await own.close();
});

test('a request of more characters than a row has room for is refused, and one that is a little shorter is not (RFC 9126 §2.3)', async () => {
  const long = await push({ login_hint: undefined, unknown: 'x'.repeat(24_600) });
  assert.deepEqual(
    [long.status, long.json['error'], (await world.why(long)).detail?.endsWith(' characters')],
    [400, 'invalid_request', true],
  );
  assert.equal((await push({ unknown: 'x'.repeat(23_000) })).status, 201);
});
