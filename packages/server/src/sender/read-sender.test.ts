import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { after, test } from 'node:test';
import { readAccess } from '@hufu/protocol/tally';
import { findClient } from '../clients.ts';
import { Trail } from '../decisions/trail.ts';
import { introspect } from '../endpoints/introspect.ts';
import { revoke } from '../endpoints/revoke.ts';
import { testResource } from '../endpoints/test-resource.ts';
import { token } from '../endpoints/token.ts';
import { userinfo } from '../endpoints/userinfo.ts';
import type { ClientCertificate, HttpReply } from '../http.ts';
import { type MadeCertificate, makeCertificate } from '../testing/certificates.ts';
import { assertionClaims, assertionForm, clientKeyPair, signWith } from '../testing/client-assertions.ts';
import { type Prover, prover } from '../testing/proofs.ts';
import { answerOf, ask, claimsOf, post, signedIn, VERIFIER } from '../testing/visits.ts';
import { BASIC_YAML, ISSUER, openWorld, SECRETS, START } from '../testing/world.ts';
import { dpopNonce } from './nonce.ts';
import { readSender } from './read-sender.ts';

const pair = await clientKeyPair('k1');
const YAML = BASIC_YAML.replace(
  'resources:\n',
  `  - client_id: bound
    client_secret: ${SECRETS.machine}
    grant_types: [client_credentials]
    scope: read
    dpop_bound_access_tokens: true
  - client_id: careful
    token_endpoint_auth_method: private_key_jwt
    jwks: ${JSON.stringify({ keys: [pair.jwk] })}
    grant_types: [client_credentials]
    scope: read
    hufu: { dpop_nonce: required }
resources:
`,
);
const world = await openWorld({ yaml: YAML });
after(() => world.close());
const holder = await prover();
const other = await prover();

type Reply = HttpReply & { readonly json: Readonly<Record<string, unknown>> };

function postToken(fields: Record<string, string>, headers: Record<string, string> = {}, at = world): Promise<Reply> {
  return post(at, (ctx, http) => token(ctx, { ...http, path: '/oauth/token' }), fields, headers);
}

const proofFor = (by: Prover, more: object = {}, claims: object = {}): { dpop: string } => ({
  dpop: by.prove({ htm: 'POST', htu: `${ISSUER}/oauth/token`, iat: world.now(), ...more }, claims),
});

const machine = { basic: `machine:${SECRETS.machine}` };
const ownToken = (scope: string, headers: Record<string, string> = {}): Promise<Reply> =>
  postToken({ grant_type: 'client_credentials', scope }, { ...machine, ...headers });

const aboutOf = (text: unknown, headers: Record<string, string> = {}): Promise<Reply> =>
  post(world, introspect, { token: String(text) }, { ...machine, ...headers });

test('with a proof the access token is bound to its key, in both formats; without one it is a bearer’s (RFC 9449 §5, §6; attacks DPO-13)', async () => {
  for (const scope of ['read', 'unlock']) {
    const bound = await ownToken(scope, proofFor(holder));
    assert.deepEqual([bound.status, bound.json['token_type']], [200, 'DPoP'], scope);
    const seen = await aboutOf(bound.json['access_token']);
    assert.deepEqual([seen.json['active'], seen.json['token_type'], seen.json['cnf']], [true, 'DPoP', { jkt: holder.jkt }]);
    const bearer = await ownToken(scope);
    assert.equal(bearer.json['token_type'], 'Bearer');
    const plain = await aboutOf(bearer.json['access_token']);
    assert.deepEqual([plain.json['token_type'], 'cnf' in plain.json], ['Bearer', false]);
  }
  const jwt = (await ownToken('read', proofFor(holder))).json['access_token'];
  assert.deepEqual(claimsOf(jwt)['cnf'], { jkt: holder.jkt });
  const opaque = String((await ownToken('unlock', proofFor(holder))).json['access_token']);
  assert.deepEqual(readAccess(world.ctx.keys.tally, opaque)?.extension?.confirmation, { method: 'jkt', thumbprint: holder.jkt });
});

test('every answer to a proof brings a nonce, and no other does (RFC 9449 §8.2, attacks DPO-11)', async () => {
  const nonce = dpopNonce(world.ctx, 'as', world.now());
  assert.equal((await ownToken('read', proofFor(holder))).headers['dpop-nonce'], nonce);
  assert.equal((await ownToken('read', { dpop: 'x' })).headers['dpop-nonce'], nonce);
  assert.equal((await ownToken('read')).headers['dpop-nonce'], undefined);
});

test('a proof that does not hold is 400, and no token comes of it (RFC 9449 §5)', async () => {
  for (const headers of [{ dpop: '' }, { dpop: 'x' }, proofFor(holder, { htm: 'GET' }), proofFor(holder, { iat: START - 3_600 })]) {
    const reply = await ownToken('read', headers);
    assert.deepEqual([reply.status, reply.json['error']], [400, 'invalid_dpop_proof']);
    assert.equal((await world.why(reply)).failed, 'dpop_proof');
  }
});

test('a client with dpop_bound_access_tokens never gets a bearer’s token (RFC 9449 §5.2, attacks DPO-15)', async () => {
  const basic = `bound:${SECRETS.machine}`;
  const fields = { grant_type: 'client_credentials', scope: 'read' };
  const bare = await postToken(fields, { basic });
  assert.deepEqual([bare.status, bare.json['error']], [400, 'invalid_dpop_proof']);
  assert.equal((await postToken(fields, { basic, ...proofFor(holder) })).json['token_type'], 'DPoP');
});

test('a client that needs nonces gets one, and its assertion is not used up by being told (RFC 9449 §8)', async () => {
  const assertion = signWith(pair, assertionClaims('careful', { iat: world.now(), exp: world.now() + 60 }));
  const fields = { grant_type: 'client_credentials', scope: 'read', ...assertionForm(assertion) };
  const told = await postToken(fields, proofFor(holder));
  assert.deepEqual([told.status, told.json['error']], [400, 'use_dpop_nonce']);
  const nonce = String(told.headers['dpop-nonce']);
  const stale = await postToken(fields, proofFor(holder, { nonce: 'yesterday' }));
  assert.equal(stale.json['error'], 'use_dpop_nonce');
  const reply = await postToken(fields, proofFor(holder, { nonce }));
  assert.deepEqual([reply.status, reply.json['token_type']], [200, 'DPoP'], reply.body.toString());
  const again = await postToken(fields, proofFor(holder, { nonce }));
  assert.equal(again.json['error'], 'invalid_client');
});

test('without a proof nothing waits and nothing is made: bearers are the hot path', async () => {
  const client = (await findClient(world.ctx, 'machine')) ?? assert.fail();
  assert.equal(readSender(world.ctx, world.http(), client, new Trail(), START), undefined);
});

async function codeOf(part: Record<string, string> = {}): Promise<Record<string, string>> {
  const answer = answerOf(await ask(world, await signedIn(world), part));
  return {
    grant_type: 'authorization_code',
    client_id: 'spa',
    redirect_uri: 'https://app.example/cb',
    code: answer.get('code') ?? '',
    code_verifier: VERIFIER,
  };
}

const refreshWith = (text: unknown, headers: Record<string, string> = {}): Promise<Reply> =>
  postToken({ grant_type: 'refresh_token', client_id: 'spa', refresh_token: String(text) }, headers);

test('a public client refreshes with the key of its exchange alone; whoever has another one changes nothing (RFC 9449 §5, attacks REF-21)', async () => {
  const tokens = await postToken(await codeOf(), proofFor(holder));
  assert.equal(tokens.json['token_type'], 'DPoP', tokens.body.toString());
  const one = tokens.json['refresh_token'];
  for (const headers of [{}, proofFor(other)]) {
    const reply = await refreshWith(one, headers);
    assert.deepEqual([reply.status, reply.json['error']], [400, 'invalid_grant']);
    assert.equal((await world.why(reply)).failed, 'sender_key');
  }
  assert.equal(world.events('refresh_token.foreign_key').length, 2);
  const second = await refreshWith(one, proofFor(holder));
  assert.deepEqual([second.status, second.json['token_type']], [200, 'DPoP'], second.body.toString());
  const third = await refreshWith(second.json['refresh_token'], proofFor(holder));
  assert.equal(third.status, 200);
  // Two generations old, which would be theft: without the key it is nothing.
  assert.equal((await refreshWith(one, proofFor(other))).status, 400);
  assert.equal((await refreshWith(third.json['refresh_token'], proofFor(holder))).status, 200);
});

test('a confidential client is bound by proving itself: each token has the key of its own request (RFC 9449 §5)', async () => {
  const basic = `web:${SECRETS.web}`;
  const { client_id: _, ...fields } = await codeOf({ client_id: 'web', redirect_uri: 'https://web.example/cb' });
  const first = await postToken({ ...fields, redirect_uri: 'https://web.example/cb' }, { basic, ...proofFor(holder) });
  assert.equal(first.json['token_type'], 'DPoP', first.body.toString());
  const refresh = { grant_type: 'refresh_token', refresh_token: String(first.json['refresh_token']) };
  const second = await postToken(refresh, { basic, ...proofFor(other) });
  assert.equal(second.json['token_type'], 'DPoP');
  const third = await postToken({ ...refresh, refresh_token: String(second.json['refresh_token']) }, { basic });
  assert.equal(third.json['token_type'], 'Bearer');
});

test('a code that was asked for with a key is exchanged with that key, and nobody else spends it (RFC 9449 §10, attacks DPO-12)', async () => {
  const own = await openWorld({
    wrap: (store) =>
      Object.assign(Object.create(store), {
        createGrant: (tenant: never, grant: { credential: { codeRequest?: object } }, now: number) =>
          store.createGrant(
            tenant,
            {
              ...grant,
              credential: { ...grant.credential, codeRequest: { ...grant.credential.codeRequest, boundKey: `jkt:${holder.jkt}` } },
            } as never,
            now,
          ),
      }),
  });
  const answer = answerOf(await ask(own, await signedIn(own)));
  const fields = {
    grant_type: 'authorization_code',
    client_id: 'spa',
    redirect_uri: 'https://app.example/cb',
    code: answer.get('code') ?? '',
    code_verifier: VERIFIER,
  };
  for (const headers of [{}, proofFor(other)]) {
    const reply = await postToken({ ...fields, code_verifier: 'w'.repeat(43) }, headers, own);
    assert.deepEqual([reply.json['error'], (await own.why(reply)).failed], ['invalid_grant', 'sender_key']);
  }
  assert.equal((await postToken(fields, proofFor(holder), own)).json['token_type'], 'DPoP');
  await own.close();
});

test('a bound token is revoked alone, by the name that its key is part of (RFC 7009 §2.1)', async () => {
  for (const scope of ['read', 'unlock']) {
    const [one, two] = [await ownToken(scope, proofFor(holder)), await ownToken(scope, proofFor(holder))];
    assert.equal((await post(world, revoke, { token: String(one.json['access_token']) }, machine)).status, 200);
    assert.equal((await aboutOf(one.json['access_token'])).json['active'], false, scope);
    assert.equal((await aboutOf(two.json['access_token'])).json['active'], true, scope);
  }
});

// — at resources of ours —

const RESOURCE = `${ISSUER}/oauth/userinfo`;

function askResource(headers: Record<string, string>, endpoint = userinfo): Promise<HttpReply> {
  const path = endpoint === userinfo ? '/oauth/userinfo' : '/test/resource';
  return endpoint(world.ctx, world.http({ path, headers }));
}

const shown = (by: Prover, text: string, htu = RESOURCE, more: object = {}): Record<string, string> => ({
  authorization: `DPoP ${text}`,
  dpop: by.prove({ htm: 'GET', htu, iat: world.now(), token: text, ...more }),
});

test('a bound token is shown with a proof of its key for this very request (RFC 9449 §7.1; attacks DPO-09, DPO-10)', async () => {
  const text = String((await postToken(await codeOf({ scope: 'openid' }), proofFor(holder))).json['access_token']);
  for (const [endpoint, htu] of [
    [userinfo, RESOURCE],
    [testResource, `${ISSUER}/test/resource`],
  ] as const) {
    assert.equal((await askResource(shown(holder, text, htu), endpoint)).status, 200);
    assert.equal((await askResource({ ...shown(holder, text, htu), authorization: `dpop ${text}` }, endpoint)).status, 200);
    for (const [headers, error, check] of [
      [{ authorization: `Bearer ${text}` }, 'invalid_token', 'sender_key'],
      [{ ...shown(holder, text, htu), authorization: `Bearer ${text}` }, 'invalid_token', 'sender_key'],
      [{ authorization: `DPoP ${text}` }, 'invalid_dpop_proof', 'sender_key'],
      [shown(other, text, htu), 'invalid_token', 'sender_key'],
      [shown(holder, text, htu, { token: 'hfa_other' }), 'invalid_dpop_proof', 'dpop_proof'],
      [shown(holder, text, htu, { token: undefined }), 'invalid_dpop_proof', 'dpop_proof'],
      [shown(holder, text, htu, { nonce: dpopNonce(world.ctx, 'as', world.now()) }), 'use_dpop_nonce', 'dpop_nonce'],
    ] as const) {
      const reply = await askResource(headers, endpoint);
      assert.equal(reply.status, 401, JSON.stringify(headers));
      assert.match(String(reply.headers['www-authenticate']), new RegExp(`^DPoP error="${error}", .*algs="ES256 `));
      assert.equal((await world.why(reply)).failed, check, error);
      assert.equal(reply.headers['dpop-nonce'], 'dpop' in headers ? dpopNonce(world.ctx, 'rs', world.now()) : undefined);
    }
  }
});

test('a bearer’s token with the scheme DPoP is refused, whatever proof comes with it (RFC 9449 §7.2, attacks DPO-10)', async () => {
  const text = String((await postToken(await codeOf({ scope: 'openid' }))).json['access_token']);
  assert.equal((await askResource({ authorization: `Bearer ${text}` })).status, 200);
  for (const headers of [{ authorization: `DPoP ${text}` }, shown(holder, text)]) {
    const reply = await askResource(headers);
    assert.equal(reply.status, 401);
    assert.match(String(reply.headers['www-authenticate']), /^DPoP error="invalid_token"/);
  }
});

test('a proof is used up at a resource as well (RFC 9449 §11.1, attacks DPO-07)', async () => {
  const text = String((await postToken(await codeOf({ scope: 'openid' }), proofFor(holder))).json['access_token']);
  const headers = shown(holder, text);
  assert.equal((await askResource(headers)).status, 200);
  assert.match(String((await askResource(headers)).headers['www-authenticate']), /invalid_dpop_proof/);
});

test('a public client whose tokens are bound to a certificate refreshes on a connection with that certificate (RFC 8705 §4)', async () => {
  const tls = 'tls: { cert: a.pem, key: b.pem, client_certificates: optional }\n';
  const yaml = `${tls}${BASIC_YAML.replace('client_id: spa\n', 'client_id: spa\n    tls_client_certificate_bound_access_tokens: true\n')}`;
  const own = await openWorld({ yaml });
  const certificateOf = (made: MadeCertificate): ClientCertificate => ({
    x509: new X509Certificate(made.cert),
    thumbprint: createHash('sha256').update(made.der).digest('base64url'),
    chain: undefined,
  });
  const [one, two] = ['one', 'two'].map((name) => certificateOf(makeCertificate({ subject: [['CN', name]] })));
  const send = (fields: Record<string, string>, certificate: ClientCertificate | undefined): Promise<Reply> =>
    post(own, (ctx, http) => token(ctx, { ...http, certificate: () => certificate }), fields);
  const answer = answerOf(await ask(own, await signedIn(own)));
  const fields = {
    grant_type: 'authorization_code',
    client_id: 'spa',
    redirect_uri: 'https://app.example/cb',
    code: answer.get('code') ?? '',
    code_verifier: VERIFIER,
  };
  const bare = await send(fields, undefined);
  assert.deepEqual([bare.status, bare.json['error']], [400, 'invalid_request']);
  const first = await send(fields, one);
  assert.deepEqual([first.status, first.json['token_type']], [200, 'Bearer'], 'nothing was spent without one');
  assert.deepEqual(claimsOf(first.json['access_token'])['cnf'], { 'x5t#S256': one?.thumbprint });
  const refresh = { grant_type: 'refresh_token', client_id: 'spa', refresh_token: String(first.json['refresh_token']) };
  assert.equal((await send(refresh, two)).json['error'], 'invalid_grant');
  assert.equal((await send(refresh, one)).status, 200);
  await own.close();
});
