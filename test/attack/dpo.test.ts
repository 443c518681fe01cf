import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ProofRequest, type Prover, prover } from '@hufu/server/testing/proofs';
import { authorizeAs, type CodeRequest, type JsonReply } from '../support/agent.ts';
import { BASIC_YAML, type TestHufu, USER } from '../support/hufu.ts';
import { assertInactive, assertTokenError, claimsOf } from './expect.ts';
import { arena } from './oracles.ts';
import { API_BASIC, introspect, MACHINE_BASIC, SPA, signedIn, WEB, WEB_BASIC } from './sign-ins.ts';
import { codeOf } from './token-requests.ts';
import { twoNodes } from './two-nodes.ts';

const EXTRA = `
  - { client_id: bound, client_secret: bound-secret-0123456789abcdef0123456, grant_types: [client_credentials], scope: read, dpop_bound_access_tokens: true }
  - { client_id: fresh, client_secret: fresh-secret-0123456789abcdef0123456, grant_types: [client_credentials], scope: read opaque, hufu: { dpop_nonce: required } }
`;
const BOUND_BASIC = 'bound:bound-secret-0123456789abcdef0123456';
const FRESH_BASIC = 'fresh:fresh-secret-0123456789abcdef0123456';
const GRANT = { grant_type: 'client_credentials', scope: 'read' };

/** A server, and one of its names. */
interface Here {
  readonly issuer: string;
  readonly hufu: TestHufu;
}

const now = ({ hufu }: Here): number => Math.floor(hufu.context.clock.nowMs() / 1000);
const introspected = (here: Here, token: unknown): Promise<JsonReply> => introspect(here.issuer, String(token), API_BASIC);

const holder = await prover();
const thief = await prover();

/** A token request with that proof; the request that it is for, unless something else is said. */
async function send(
  here: Here,
  fields: Record<string, string>,
  dpop: string | undefined,
  basic?: string,
  origin = here.issuer,
): Promise<JsonReply> {
  const reply = await fetch(`${origin}/oauth/token`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(basic === undefined ? {} : { authorization: `Basic ${btoa(basic)}` }),
      ...(dpop === undefined ? {} : { dpop }),
    },
    body: new URLSearchParams(fields).toString(),
  });
  return { status: reply.status, headers: reply.headers, body: Object(await reply.json()) };
}

function proof(here: Here, by: Prover = holder, more: Partial<ProofRequest> = {}, claims: object = {}, header: object = {}): string {
  return by.prove({ htm: 'POST', htu: `${here.issuer}/oauth/token`, iat: now(here), ...more }, claims, header);
}

async function show(here: Here, token: unknown, dpop: string | undefined, path = '/oauth/userinfo', scheme = 'DPoP'): Promise<Response> {
  const reply = await fetch(here.issuer + path, {
    headers: { authorization: `${scheme} ${String(token)}`, ...(dpop === undefined ? {} : { dpop }) },
  });
  await reply.body?.cancel();
  return reply;
}

function shownProof(here: Here, token: unknown, by: Prover = holder, claims: object = {}, path = '/oauth/userinfo'): string {
  return by.prove({ htm: 'GET', htu: here.issuer + path, iat: now(here), token: String(token) }, claims);
}

/** RS: 401 with the challenge for proofs (RFC 9449 §7.1). */
function assertChallenged(reply: Response, error: string, about = ''): void {
  assert.equal(reply.status, 401, about);
  assert.match(reply.headers.get('www-authenticate') ?? '', new RegExp(`^DPoP error="${error}", .*\\balgs="ES256\\b`), about);
}

async function exchangedWith(here: Here, dpop: string | undefined, request: CodeRequest = SPA, basic?: string): Promise<JsonReply> {
  const answer = await authorizeAs(await signedIn(here.issuer), request, USER);
  const fields = {
    grant_type: 'authorization_code',
    code: codeOf(answer),
    redirect_uri: request.redirectUri,
    code_verifier: answer.verifier,
  };
  const reply = await send(here, basic === undefined ? { ...fields, client_id: request.clientId } : fields, dpop, basic);
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  return reply;
}

describe('DPO: proofs', () => {
  const here = arena({ yaml: BASIC_YAML.replace('\nresources:', `${EXTRA}resources:`) });
  const refused = async (dpop: string, about: string, error = 'invalid_dpop_proof'): Promise<void> =>
    assertTokenError(await send(here, GRANT, dpop, MACHINE_BASIC), error, about);

  test('DPO-01 · a proof without one of its parts is none, at the token endpoint and at a resource (RFC 9449 §4.3, §7.1)', async () => {
    for (const name of ['jti', 'htm', 'htu', 'iat']) await refused(proof(here, holder, {}, { [name]: undefined }), name);
    for (const name of ['typ', 'alg', 'jwk']) await refused(proof(here, holder, {}, {}, { [name]: undefined }), name);
    const token = (await exchangedWith(here, proof(here))).body['access_token'];
    for (const name of ['jti', 'htm', 'htu', 'iat', 'ath'])
      assertChallenged(await show(here, token, shownProof(here, token, holder, { [name]: undefined })), 'invalid_dpop_proof', name);
    assert.equal((await show(here, token, shownProof(here, token))).status, 200);
  });

  test('DPO-03 · algorithms that nobody offered, keys that are no public ones, signatures of others (RFC 9449 §4.3)', async () => {
    const [first = '', second = ''] = proof(here).split('.');
    await refused(`${first}.${second}.`, 'no signature');
    await refused(`${first}.${second}.${'A'.repeat(86)}`, 'zeros');
    for (const alg of ['none', 'HS256', 'RS256', 'ES256K']) await refused(proof(here, holder, {}, {}, { alg }), alg);
    await refused(proof(here, thief, {}, {}, { jwk: holder.pair.jwk }), 'another key');
    await refused(proof(here, holder, {}, {}, { jwk: holder.pair.key.export({ format: 'jwk' }) }), 'a private key');
    await refused(proof(here, holder, {}, {}, { jwk: { kty: 'oct', k: 'AAAA' } }), 'a symmetric key');
    const rsa = await prover('RS256');
    await refused(proof(here, rsa), 'RS256');
    assert.match(
      String(Object(await (await fetch(`${here.issuer}/.well-known/openid-configuration`)).json())['dpop_signing_alg_values_supported']),
      /^ES256,(?!.*RS256)/,
    );
  });

  test('DPO-04 · a proof for another method or address; an address in another form is the same (RFC 9449 §4.3, RFC 3986 §6.2)', async () => {
    for (const htm of ['GET', 'post', 'Post', '']) await refused(proof(here, holder, { htm }), `htm ${htm}`);
    const { host, port } = new URL(here.issuer);
    for (const htu of [
      `${here.issuer}/oauth/revoke`,
      `${here.issuer}/oauth/token/`,
      `${here.issuer}/OAUTH/TOKEN`,
      `https://${host}/oauth/token`,
      `http://evil.example:${port}/oauth/token`,
      '/oauth/token',
      '',
    ])
      await refused(proof(here, holder, { htu }), `htu ${htu}`);
    for (const htu of [5, null, ['x'], {}]) await refused(proof(here, holder, {}, { htu }), `htu ${JSON.stringify(htu)}`);
    for (const htu of [`${here.issuer}/oauth/token?a=b#c`, `HTTP://127.0.0.1:${port}/oauth/token`, `${here.issuer}/oauth/%74oken`])
      assert.equal((await send(here, GRANT, proof(here, holder, { htu }), MACHINE_BASIC)).status, 200, htu);
  });

  test('DPO-06 · a clock may be ten seconds off, and not an hour (RFC 9449 §11.1, FAPI 2.0 Security Profile §5.3.2.1)', async () => {
    for (const off of [-10, 10])
      assert.equal((await send(here, GRANT, proof(here, holder, { iat: now(here) + off }), MACHINE_BASIC)).status, 200);
    for (const off of [-3_600, 3_600, 90, -90]) await refused(proof(here, holder, { iat: now(here) + off }), String(off));
  });

  test('DPO-07 · the same proof twice, at the token endpoint and at a resource (RFC 9449 §11.1)', async () => {
    const once = proof(here);
    assert.equal((await send(here, GRANT, once, MACHINE_BASIC)).status, 200);
    await refused(once, 'again');
    const token = (await exchangedWith(here, proof(here))).body['access_token'];
    const shown = shownProof(here, token);
    assert.equal((await show(here, token, shown)).status, 200);
    assertChallenged(await show(here, token, shown), 'invalid_dpop_proof');
  });

  test('DPO-09 · a proof for another token, and one with another key (RFC 9449 §7.1)', async () => {
    const token = (await exchangedWith(here, proof(here))).body['access_token'];
    const other = (await exchangedWith(here, proof(here))).body['access_token'];
    assertChallenged(await show(here, token, shownProof(here, other)), 'invalid_dpop_proof');
    assertChallenged(await show(here, token, shownProof(here, token, thief)), 'invalid_token');
  });

  test('DPO-10 · a bound token as a bearer’s, and a bearer’s as a bound one (RFC 9449 §7.2)', async () => {
    for (const path of ['/oauth/userinfo', '/test/resource']) {
      const bound = (await exchangedWith(here, proof(here))).body['access_token'];
      const bearer = (await exchangedWith(here, undefined)).body['access_token'];
      assertChallenged(await show(here, bound, undefined, path, 'Bearer'), 'invalid_token');
      assertChallenged(await show(here, bound, shownProof(here, bound, holder, {}, path), path, 'Bearer'), 'invalid_token');
      assertChallenged(await show(here, bearer, shownProof(here, bearer, holder, {}, path), path), 'invalid_token');
      assertChallenged(await show(here, bound, undefined, path), 'invalid_dpop_proof');
      assert.equal((await show(here, bearer, undefined, path, 'Bearer')).status, 200);
    }
  });

  test('DPO-11 · a nonce that is needed is told, scripts may read it, and it goes stale (RFC 9449 §8, §9)', async () => {
    const told = await send(here, GRANT, proof(here), FRESH_BASIC);
    assertTokenError(told, 'use_dpop_nonce');
    const nonce = told.headers.get('dpop-nonce') ?? assert.fail('no nonce');
    const reply = await send(here, GRANT, proof(here, holder, { nonce }), FRESH_BASIC);
    assert.equal(reply.body['token_type'], 'DPoP');
    const token = reply.body['access_token'];
    const resource = `${here.issuer}/test/resource`;
    const shown = (more: object): string => holder.prove({ htm: 'GET', htu: resource, iat: now(here), token: String(token), ...more });
    const atResource = await show(here, token, shown({ nonce }), '/test/resource');
    assertChallenged(atResource, 'use_dpop_nonce', 'a nonce of the authorization server');
    const theirs = atResource.headers.get('dpop-nonce') ?? assert.fail('no nonce');
    assert.equal((await show(here, token, shown({ nonce: theirs }), '/test/resource')).status, 200);
    assertTokenError(
      await send(here, GRANT, proof(here, holder, { nonce: theirs }), FRESH_BASIC),
      'use_dpop_nonce',
      'a nonce of the resource',
    );
    await here.hufu.advance('PT11M');
    assertTokenError(await send(here, GRANT, proof(here, holder, { nonce }), FRESH_BASIC), 'use_dpop_nonce', 'a stale nonce');

    for (const path of ['/oauth/token', '/oauth/par']) {
      for (const dpop of ['x', holder.prove({ htm: 'POST', htu: here.issuer + path, iat: now(here), nonce })]) {
        const script = await fetch(here.issuer + path, {
          method: 'POST',
          headers: { origin: 'https://app.example', dpop, 'content-type': 'application/x-www-form-urlencoded' },
          body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x', client_id: 'spa' }).toString(),
        });
        const { error } = Object(await script.json());
        if (dpop !== 'x') assert.equal(error, 'use_dpop_nonce');
        assert.equal(script.headers.get('access-control-allow-origin'), 'https://app.example', `${path}: ${String(error)}`);
        assert.match(script.headers.get('access-control-expose-headers') ?? '', /\bDPoP-Nonce\b/);
        assert.ok(script.headers.get('dpop-nonce'));
      }
    }
  });

  test('DPO-13 · the key stands in the token and in what introspection says, and nothing where there is none (RFC 9449 §6)', async () => {
    for (const scope of ['openid read', 'openid opaque']) {
      const bound = await exchangedWith(here, proof(here), { ...SPA, scope });
      const seen = (await introspected(here, bound.body['access_token'])).body;
      assert.deepEqual([bound.body['token_type'], seen['token_type'], seen['cnf']], ['DPoP', 'DPoP', { jkt: holder.jkt }], scope);
      const bearer = await exchangedWith(here, undefined, { ...SPA, scope });
      const plain = (await introspected(here, bearer.body['access_token'])).body;
      assert.deepEqual([bearer.body['token_type'], plain['token_type'], plain['cnf']], ['Bearer', 'Bearer', undefined], scope);
    }
    const jwt = await exchangedWith(here, proof(here), { ...SPA, scope: 'openid read' });
    assert.deepEqual(claimsOf(jwt.body['access_token'])['cnf'], { jkt: holder.jkt });
  });

  test('DPO-15 · a client that is bound to proofs never gets a bearer’s token (RFC 9449 §5.2)', async () => {
    assertTokenError(await send(here, GRANT, undefined, BOUND_BASIC), 'invalid_dpop_proof');
    assertTokenError(await send(here, GRANT, '', BOUND_BASIC), 'invalid_dpop_proof');
    assertTokenError(await send(here, GRANT, proof(here, holder, { htm: 'GET' }), BOUND_BASIC), 'invalid_dpop_proof');
    assert.equal((await send(here, GRANT, proof(here), BOUND_BASIC)).body['token_type'], 'DPoP');
  });

  test('JWT-18 · a token is no proof, and a proof is no token (RFC 8725 §3.11, RFC 9449 §4.2)', async () => {
    const tokens = await exchangedWith(here, undefined, { ...SPA, scope: 'openid read' });
    await refused(String(tokens.body['access_token']), 'an access token');
    await refused(String(tokens.body['id_token']), 'an ID token');
    for (const typ of ['JWT', 'at+jwt', 'client-authentication+jwt', 'oauth-authz-req+jwt', 'DPOP+JWT'])
      await refused(proof(here, holder, {}, {}, { typ }), typ);
    const shown = await show(here, proof(here), undefined, '/oauth/userinfo', 'Bearer');
    assert.deepEqual([shown.status, /invalid_token/.test(shown.headers.get('www-authenticate') ?? '')], [401, true]);
    assertInactive(await introspected(here, proof(here)));
  });

  test('REF-21 · the refresh token of a public client without its key, or with another: refused, and the owner goes on (RFC 9449 §5)', async () => {
    const first = await exchangedWith(here, proof(here));
    const refresh = (token: unknown, dpop: string | undefined): Promise<JsonReply> =>
      send(here, { grant_type: 'refresh_token', refresh_token: String(token), client_id: 'spa' }, dpop);
    assertTokenError(await refresh(first.body['refresh_token'], undefined), 'invalid_grant');
    assertTokenError(await refresh(first.body['refresh_token'], proof(here, thief)), 'invalid_grant');
    const second = await refresh(first.body['refresh_token'], proof(here));
    assert.equal(second.status, 200);
    const third = await refresh(second.body['refresh_token'], proof(here));
    assertTokenError(
      await refresh(first.body['refresh_token'], proof(here, thief)),
      'invalid_grant',
      'what would be theft, from somebody else',
    );
    assert.equal((await introspected(here, third.body['access_token'])).body['active'], true);
    assertTokenError(await refresh(first.body['refresh_token'], proof(here)), 'invalid_grant', 'theft, by whoever has the key');
    assertInactive(await introspected(here, third.body['access_token']));
  });

  test('REF-21 · a confidential client is bound by proving itself, and each access token to the key of its own request (RFC 9449 §5)', async () => {
    const first = await exchangedWith(here, proof(here), WEB, WEB_BASIC);
    const second = await send(
      here,
      { grant_type: 'refresh_token', refresh_token: String(first.body['refresh_token']) },
      proof(here, thief),
      WEB_BASIC,
    );
    assert.deepEqual(claimsOf(second.body['access_token'])['cnf'], { jkt: thief.jkt });
    assert.deepEqual(claimsOf(first.body['access_token'])['cnf'], { jkt: holder.jkt });
  });
});

describe('DPO: two nodes', () => {
  const nodes = twoNodes(BASIC_YAML);

  test('DPO-07 · one proof and fifty racers on two nodes: one gets a token (RFC 9449 §11.1)', async () => {
    const here = { issuer: nodes.first.issuer, hufu: nodes.first };
    for (let round = 0; round < 5; round++) {
      const text = proof(here);
      const origins = [nodes.first.origin, nodes.second.origin];
      const replies = await Promise.all(Array.from({ length: 50 }, (_, at) => send(here, GRANT, text, MACHINE_BASIC, origins[at % 2])));
      assert.equal(replies.filter(({ status }) => status === 200).length, 1);
      for (const reply of replies) if (reply.status !== 200) assertTokenError(reply, 'invalid_dpop_proof');
    }
  });

  test('DPO-11 · a nonce of one node is one of the other (RFC 9449 §8)', async () => {
    const here = { issuer: nodes.first.issuer, hufu: nodes.first };
    const nonce = (await send(here, GRANT, proof(here), MACHINE_BASIC)).headers.get('dpop-nonce') ?? assert.fail();
    const there = await send(here, GRANT, proof(here, holder, { nonce }), MACHINE_BASIC, nodes.second.origin);
    assert.equal(there.status, 200);
  });
});
