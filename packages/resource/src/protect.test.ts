import assert from 'node:assert/strict';
import { createServer, request as send } from 'node:http';
import { after, before, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { anyIssuer } from './issuers.ts';
import { withToken } from './node-http.ts';
import { type Admission, protect, protectSoon } from './protect.ts';
import { INTROSPECTION_ENDPOINT, testIntrospection } from './testing/introspection.ts';
import { listen, makeKey, signToken, startIssuer, type TestIssuer } from './testing/issuer.ts';
import { refuse } from './verification.ts';
import { type Verifier, verifier } from './verifier.ts';

const NOW = 1_800_000_000;
const AUDIENCE = 'https://api.example/notes';
const key = makeKey('ES256', 'es');

let issuer: TestIssuer;
let verify: Verifier;
before(async () => {
  issuer = await startIssuer([key]);
  verify = verifier({ issuer: issuer.issuer, audience: AUDIENCE, nowMs: () => NOW * 1000 });
});
after(() => issuer.close());

function token(changes: object = {}): string {
  const claims = {
    iss: issuer.issuer,
    aud: AUDIENCE,
    sub: 'tiger',
    client_id: 'app',
    jti: 'one',
    iat: NOW,
    exp: NOW + 600,
    scope: 'notes:read',
  };
  return signToken(key, { ...claims, ...changes });
}

function decide(authorization: string | readonly string[] | undefined, options: Parameters<typeof protect>[1] = {}): Promise<Admission> {
  return protect(verify, options)({ headers: { authorization } });
}

async function refusal(...call: Parameters<typeof decide>): Promise<{ readonly status: number; readonly challenge: string | undefined }> {
  const admission = await decide(...call);
  assert.ok(admission.kind === 'refused');
  assert.equal(admission.headers['cache-control'], 'no-store');
  return { status: admission.status, challenge: admission.headers['www-authenticate'] };
}

test('a live token with the scopes that are needed goes on, and says who it is (RFC 6750 §2.1)', async () => {
  for (const scope of [undefined, [], 'notes:read', ['notes:read']]) {
    const admission = await decide(`Bearer ${token()}`, scope === undefined ? {} : { scope });
    assert.ok(admission.kind === 'allowed');
    assert.equal(admission.token.subject, 'tiger');
  }
  assert.equal((await decide(`bEaReR   ${token()}`)).kind, 'allowed');
});

test('without a token the challenge names no error and nothing of what is needed (RFC 6750 §3.1, RFC 9110 §11.5)', async () => {
  for (const authorization of [undefined, '', 'Basic YTpi', 'DPoPx y', 'Bearerx y']) {
    assert.deepEqual(await refusal(authorization, { scope: 'notes:read' }), { status: 401, challenge: 'Bearer' });
  }
  const named = await refusal(undefined, { realm: 'the "notes"', resourceMetadata: `${AUDIENCE}/.well-known/oauth-protected-resource` });
  assert.equal(named.challenge, `Bearer realm="the \\"notes\\"", resource_metadata="${AUDIENCE}/.well-known/oauth-protected-resource"`);
});

test('a token that does not hold is invalid_token, 401, with the reason (RFC 6750 §3.1)', async () => {
  assert.deepEqual(await refusal(`Bearer ${token({ exp: NOW - 60 })}`), {
    status: 401,
    challenge: 'Bearer error="invalid_token", error_description="the access token has expired"',
  });
  assert.deepEqual(await refusal('Bearer rubbish'), {
    status: 401,
    challenge: 'Bearer error="invalid_token", error_description="the access token is malformed"',
  });
  assert.equal((await refusal(`Bearer ${'x'.repeat(20_000)}`)).status, 401);
});

test('a request that is malformed, or says its token twice, is invalid_request, 400 (RFC 6750 §3.1)', async () => {
  for (const authorization of ['Bearer ', 'Bearer a b', 'Bearer "x"', [`Bearer ${token()}`, `Bearer ${token()}`]]) {
    const { status, challenge } = await refusal(authorization);
    assert.equal(status, 400);
    assert.match(challenge ?? '', /^Bearer error="invalid_request"/);
  }
});

test('a live token without a scope is insufficient_scope, 403, and learns all that is needed (RFC 6750 §3.1)', async () => {
  const challenge =
    'Bearer error="insufficient_scope", error_description="the access token does not have the scope that is needed here", scope="notes:read notes:write"';
  assert.deepEqual(await refusal(`Bearer ${token()}`, { scope: 'notes:read notes:write' }), { status: 403, challenge });
  assert.equal((await refusal(`Bearer ${token({ scope: undefined })}`, { scope: 'notes:read' })).status, 403);
  assert.equal((await refusal(`Bearer ${token({ scope: 'notes:readers notes' })}`, { scope: 'notes:read' })).status, 403);
});

test('while the keys cannot be had the answer is 503 with Retry-After, never a challenge that makes clients throw the token away', async () => {
  issuer.served.answer = (_request, response) => response.writeHead(500).end();
  try {
    const away = protect(verifier({ issuer: issuer.issuer, audience: AUDIENCE, nowMs: () => NOW * 1000 }));
    const admission = await away({ headers: { authorization: `Bearer ${token()}` } });
    assert.ok(admission.kind === 'refused');
    assert.equal(admission.status, 503);
    assert.deepEqual(admission.headers, { 'cache-control': 'no-store', 'retry-after': '5' });
    assert.equal(admission.error?.code, 'temporarily_unavailable');
    assert.ok(admission.error?.cause instanceof Error);
  } finally {
    issuer.served.answer = undefined;
  }
});

test('a token that is known is decided about at once, and one that somebody else verifies by them alone', async () => {
  const request = { headers: { authorization: `Bearer ${token()}` } };
  assert.equal((await protect(verify)(request)).kind, 'allowed');
  const atOnce = protectSoon(verify)(request);
  assert.ok(!(atOnce instanceof Promise) && atOnce.kind === 'allowed');
  const strict: Verifier = { ...verify, verify: () => Promise.resolve(refuse('revoked')) };
  assert.equal((await protectSoon(strict)(request)).kind, 'refused');
});

test('a scope that is none is a TypeError', () => {
  for (const scope of ['a  b', '', ['a b'], [''], ['a"'], [7], 7]) {
    const options: object = { scope };
    assert.throws(() => protect(verify, options), TypeError, JSON.stringify(scope));
  }
});

test('before a listener of node:http, it hands over the token or answers by itself (RFC 6750 §3)', async () => {
  const server = createServer(
    withToken(protect(verify, { scope: 'notes:read' }), async (request, response, live) => {
      response.end(`${request.method} by ${live.subject}`);
    }),
  );
  const port = await listen(server);
  try {
    const get = async (authorization: string | undefined): Promise<readonly [number, string | null, string]> => {
      const reply = await fetch(`http://127.0.0.1:${port}/`, { headers: authorization === undefined ? {} : { authorization } });
      return [reply.status, reply.headers.get('www-authenticate'), await reply.text()];
    };
    assert.deepEqual(await get(`Bearer ${token()}`), [200, null, 'GET by tiger']);
    assert.deepEqual(await get(undefined), [401, 'Bearer', '']);
    const [status, challenge, body] = await get('Bearer x');
    assert.equal(status, 401);
    assert.match(challenge ?? '', /error="invalid_token"/);
    assert.deepEqual(JSON.parse(body), { error: 'invalid_token', error_description: 'the access token is malformed' });
    assert.equal((await get(`Bearer ${token({ scope: 'other' })}`))[0], 403);
    // A body that nobody reads is in nobody's way.
    const posted = await new Promise<number | undefined>((resolve, reject) => {
      const request = send({ port, host: '127.0.0.1', method: 'POST' }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      request.end('x'.repeat(100_000));
    });
    assert.equal(posted, 401);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a user who authenticated too weakly or too long ago is asked to do it again, with what is needed (RFC 9470 §3, §4)', async () => {
  const strong = { acrValues: ['urn:example:gold', 'urn:example:silver'], maxAgeSeconds: 300 };
  const why =
    'error="insufficient_user_authentication", error_description="the user has to authenticate more strongly, or more recently, for this"';
  const needs = 'acr_values="urn:example:gold urn:example:silver", max_age="300"';
  for (const claims of [
    {},
    { acr: 'urn:example:silver' },
    { acr: 'urn:example:bronze', auth_time: NOW },
    { acr: 'urn:example:gold', auth_time: NOW - 301 },
    { acr: ['urn:example:gold'], auth_time: NOW },
  ]) {
    assert.deepEqual(
      await refusal(`Bearer ${token(claims)}`, strong),
      { status: 401, challenge: `Bearer ${why}, ${needs}` },
      JSON.stringify(claims),
    );
  }
  for (const claims of [
    { acr: 'urn:example:gold', auth_time: NOW - 300 },
    { acr: 'urn:example:silver', auth_time: NOW },
  ]) {
    assert.equal((await decide(`Bearer ${token(claims)}`, strong)).kind, 'allowed');
  }
  assert.equal((await decide(`Bearer ${token({ auth_time: NOW - 10 })}`, { maxAgeSeconds: 10 })).kind, 'allowed');
  assert.equal(
    (await refusal(`Bearer ${token({ scope: 'other' })}`, { ...strong, scope: 'notes:read' })).status,
    403,
    'the scope goes first',
  );
  for (const wrong of [{ acrValues: [] }, { acrValues: ['a b'] }, { maxAgeSeconds: -1 }, { maxAgeSeconds: 1.5 }]) {
    assert.throws(() => protect(verify, wrong), TypeError);
  }
});

test('a promise of another realm is waited for, and never taken for what a verifier said', async () => {
  const answer: ReturnType<Verifier['verify']> = runInNewContext('Promise').resolve(refuse('revoked'));
  assert.ok(!(answer instanceof Promise));
  const foreign: Verifier = { ...verify, verify: () => answer };
  const request = { headers: { authorization: `Bearer ${token()}` } };
  assert.equal((await protect(foreign)(request)).kind, 'refused');
  assert.equal((await protectSoon(foreign)(request)).kind, 'refused');
  assert.equal((await protectSoon(anyIssuer([foreign]))(request)).kind, 'refused');
});

test('a word for bound tokens that is none is a TypeError, and no leave for others', () => {
  const misspelt: object = { senderConstraint: 'require' };
  assert.throws(() => protect(verify, misspelt), TypeError);
});

test('whoever puts a `verify` of their own into a verifier is asked about each token, whenever that was', async () => {
  const request = { headers: { authorization: `Bearer ${token()}` } };
  const patched = verifier({ issuer: issuer.issuer, audience: AUDIENCE, nowMs: () => NOW * 1000 });
  const of = anyIssuer([patched]);
  const before = [protectSoon(patched), protectSoon(of)];
  for (const decideSoon of before) assert.equal((await decideSoon(request)).kind, 'allowed');
  const own = patched.verify;
  patched.verify = async () => refuse('revoked');
  for (const decideSoon of [...before, protectSoon(patched), protectSoon(of)]) assert.equal((await decideSoon(request)).kind, 'refused');
  patched.verify = own;
  for (const decideSoon of before) assert.equal((await decideSoon(request)).kind, 'allowed');
});

test('what somebody has put in the place of Promise makes no verdict of what is under way', async () => {
  const as = testIntrospection();
  const opaque = verifier({
    issuer: 'https://as.example',
    audience: AUDIENCE,
    introspection: { credentials: { clientId: 'notes', clientSecret: 'secret' }, endpoint: INTROSPECTION_ENDPOINT },
    fetch: as.fetch,
  });
  const bound = token({ cnf: { jkt: 'A'.repeat(43) }, jti: 'bound' });
  const shown: readonly (readonly [Verifier, string])[] = [
    [opaque, 'Bearer nobody'],
    [verify, `Bearer ${bound}`],
    [verify, `DPoP ${bound}`],
    [verify, `DPoP ${token()}`],
  ];
  assert.equal((await decide(`Bearer ${bound}`)).kind, 'refused');
  const own = globalThis.Promise;
  // What async functions answer with is none of these.
  globalThis.Promise = class<T> extends own<T> {};
  try {
    for (const [by, authorization] of shown) {
      const request = { headers: { authorization }, method: 'GET', url: '/notes' };
      assert.equal((await protect(by)(request)).kind, 'refused', authorization);
      assert.equal((await protectSoon(by)(request)).kind, 'refused', authorization);
    }
  } finally {
    globalThis.Promise = own;
  }
});

test('authorization details are enough where it is said that they are, and not where something else is said (RFC 9396 §9)', async () => {
  const said: readonly unknown[] = [undefined, null, 0, 1, {}, Promise.resolve(false)];
  for (const answer of said) {
    const enough = new Proxy(() => true, { apply: () => answer });
    assert.equal((await decide(`Bearer ${token()}`, { authorizationDetails: enough })).kind, 'refused', String(answer));
  }
  assert.equal((await decide(`Bearer ${token()}`, { authorizationDetails: () => true })).kind, 'allowed');
});
