import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CIBA } from '@hufu/protocol/grant-type';
import { assertionForm, clientKeyPair, signWith } from '@hufu/server/testing/client-assertions';
import { prover } from '@hufu/server/testing/proofs';
import { authorizeAs, exchange, type JsonReply, postForm } from '../support/agent.ts';
import { BASIC_YAML, USER } from '../support/hufu.ts';
import { CHALLENGE } from './expect.ts';
import { arena } from './oracles.ts';
import { signedIn } from './sign-ins.ts';
import { now } from './token-requests.ts';

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const TOKEN_TYPE = 'urn:ietf:params:oauth:token-type';
const NEXT = 'https://next.example/';
const CALLBACK = 'https://all.example/cb';
/** One key for whatever the client signs, and for what its issuer signs too: only the kinds keep them apart. */
const pair = await clientKeyPair('all');
const keys = JSON.stringify({ keys: [pair.jwk] });
const YAML = BASIC_YAML.replace(
  '\nresources:',
  `
  - client_id: all
    token_endpoint_auth_method: private_key_jwt
    jwks: ${keys}
    redirect_uris: ['${CALLBACK}']
    grant_types: [authorization_code, refresh_token, client_credentials, '${JWT_BEARER}', '${EXCHANGE}', '${CIBA}']
    backchannel_token_delivery_mode: poll
    scope: openid read
    hufu: { first_party: true, token_exchange: { audiences: ['${NEXT}'], scopes: [read] } }
resources:`,
)
  .replace('\nusers:', `\n  - { identifier: '${NEXT}', scopes: [read], token_format: opaque }\nusers:`)
  .replace(
    'policies: { brute_force: off }',
    `policies: { brute_force: off, trusted_issuers: [{ issuer: 'https://idp.example', accepts: [jwt-bearer, id-jag, token-exchange], jwks: ${keys}, subject: username, clients: [all], scopes: [read] }] }`,
  );

describe('JWT: kinds', () => {
  const here = arena({ yaml: YAML });
  let made = 0;

  const times = (): object => ({ iat: now(here), nbf: now(here), exp: now(here) + 60, jti: `kind-${made++}` });
  const sign = (claims: object, typ?: string): string => signWith(pair, { aud: here.issuer, ...times(), ...claims }, { typ });
  const byClient = (claims: object = {}): string => sign({ iss: 'all', sub: 'all', ...claims });
  const post = (path: string, fields: Record<string, string>): Promise<JsonReply> =>
    postForm(here.issuer + path, { ...fields, ...assertionForm(byClient()) });
  const request = { response_type: 'code', redirect_uri: CALLBACK, code_challenge: CHALLENGE, code_challenge_method: 'S256' };

  /** Who takes a JWT, and whether this one was taken. */
  const consumers: Readonly<Record<string, (jwt: string) => Promise<boolean>>> = {
    'client assertion': async (jwt) =>
      (await postForm(`${here.issuer}/oauth/token`, { grant_type: 'client_credentials', ...assertionForm(jwt) })).status === 200,
    'own grant': async (jwt) => (await postForm(`${here.issuer}/oauth/token`, { grant_type: JWT_BEARER, assertion: jwt })).status === 200,
    'grant beside authentication': async (jwt) =>
      (await post('/oauth/token', { grant_type: JWT_BEARER, assertion: jwt, scope: 'read' })).status === 200,
    'subject token': async (jwt) =>
      (
        await post('/oauth/token', {
          grant_type: EXCHANGE,
          subject_token: jwt,
          subject_token_type: `${TOKEN_TYPE}:jwt`,
          audience: NEXT,
        })
      ).status === 200,
    'subject token of ours': async (jwt) =>
      (
        await post('/oauth/token', {
          grant_type: EXCHANGE,
          subject_token: jwt,
          subject_token_type: `${TOKEN_TYPE}:access_token`,
          audience: NEXT,
        })
      ).status === 200,
    'request object': async (jwt) => (await post('/oauth/par', { client_id: 'all', request: jwt })).status === 201,
    'request to a user': async (jwt) => (await post('/oauth/bc-authorize', { request: jwt })).status === 200,
    'DPoP proof': async (jwt) => {
      const reply = await fetch(`${here.issuer}/oauth/token`, {
        method: 'POST',
        headers: { dpop: jwt, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ grant_type: 'client_credentials', ...assertionForm(byClient()) }).toString(),
      });
      await reply.body?.cancel();
      return reply.status === 200;
    },
    hint: async (jwt) => (await post('/oauth/par', { client_id: 'all', ...request, scope: 'openid', id_token_hint: jwt })).status === 201,
    'access token': async (jwt) => {
      const reply = await fetch(`${here.issuer}/test/resource`, { headers: { authorization: `Bearer ${jwt}` } });
      await reply.body?.cancel();
      return reply.status === 200;
    },
  };

  test('JWT-18 · each kind of JWT is taken in its own place and in no other, though one key has signed them (RFC 8725 §3.11, §3.12)', async () => {
    const holder = await prover();
    const client = { clientId: 'all', redirectUri: CALLBACK, scope: 'openid read' };
    const agent = await signedIn(here.issuer);
    const answer = await authorizeAs(agent, client, USER);
    const tokens = await postForm(`${here.issuer}/oauth/token`, {
      grant_type: 'authorization_code',
      code: answer.page.answer.get('code') ?? '',
      redirect_uri: CALLBACK,
      code_verifier: answer.verifier,
      ...assertionForm(byClient()),
    });
    assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
    const other = await exchange(agent, client, await authorizeAs(agent, client, USER));
    assert.equal(other.status, 401, 'without its key it is nobody');
    const jarm = new URL(
      (
        await agent.get(
          `/oauth/authorize?${new URLSearchParams({ client_id: 'all', ...request, scope: 'openid', response_mode: 'jwt' }).toString()}`,
        )
      ).location,
    ).searchParams.get('response');
    const [, payload = ''] = String(tokens.body['access_token']).split('.');
    const { status } = Object(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    const statusList = await (await fetch(status.status_list.uri)).text();
    assert.match(statusList, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    const byIssuer = (claims: object = {}, typ?: string): string =>
      sign({ iss: 'https://idp.example', sub: USER.username, ...claims }, typ);
    const kinds: Readonly<Record<string, readonly [jwt: () => string, ...takenBy: string[]]>> = {
      // RFC 7523: they are the same thing, and each is used up once for both.
      'a client assertion': [() => byClient(), 'client assertion', 'own grant', 'grant beside authentication'],
      'a typed client assertion': [() => sign({ iss: 'all', sub: 'all' }, 'client-authentication+jwt'), 'client assertion'],
      'an assertion of the issuer': [() => byIssuer(), 'grant beside authentication', 'subject token'],
      'an identity assertion': [() => byIssuer({ client_id: 'all' }, 'oauth-id-jag+jwt'), 'grant beside authentication'],
      'an access token of the issuer': [() => byIssuer({ client_id: 'all', scope: 'read' }, 'at+jwt')],
      'a logout token of the issuer': [() => byIssuer({ events: {} }, 'logout+jwt')],
      'a request object': [
        () => sign({ iss: 'all', client_id: 'all', scope: 'openid', ...request }, 'oauth-authz-req+jwt'),
        'request object',
      ],
      'a request to a user': [() => sign({ iss: 'all', scope: 'openid', login_hint: USER.username }), 'request to a user'],
      'a proof': [() => holder.prove({ htm: 'POST', htu: `${here.issuer}/oauth/token`, iat: now(here) }), 'DPoP proof'],
      'our ID token': [() => String(tokens.body['id_token']), 'hint'],
      'our access token': [() => String(tokens.body['access_token']), 'access token', 'subject token of ours'],
      'our answer': [() => jarm ?? assert.fail('no answer')],
      'our status list': [() => statusList],
    };
    for (const [kind, [jwt, ...takenBy]] of Object.entries(kinds)) {
      for (const [place, take] of Object.entries(consumers))
        assert.equal(await take(jwt()), takenBy.includes(place), `${kind} as ${place}`);
    }
  });

  test('JWT-17 · an audience that is not quite ours is somebody else’s, for whatever a client or an issuer signs (RFC 8725 §3.9)', async () => {
    const { host, port } = new URL(here.issuer);
    const nearly: readonly unknown[] = [
      [],
      [[]],
      {},
      null,
      1,
      [1],
      [{}],
      '',
      `${here.issuer}/`,
      here.issuer.toUpperCase(),
      here.issuer.replace('http:', 'https:'),
      `${here.issuer} `,
      `http://evil.example/${host}`,
      `http://127.0.0.1.evil.example:${port}`,
      ['https://evil.example'],
      `${here.issuer} https://evil.example`,
    ];
    const signed: readonly (readonly [place: string, claims: object, typ?: string])[] = [
      ['client assertion', { iss: 'all', sub: 'all' }],
      ['own grant', { iss: 'all', sub: 'all' }],
      ['grant beside authentication', { iss: 'https://idp.example', sub: USER.username }],
      ['subject token', { iss: 'https://idp.example', sub: USER.username }],
      ['request object', { iss: 'all', client_id: 'all', scope: 'openid', ...request }, 'oauth-authz-req+jwt'],
      ['request to a user', { iss: 'all', scope: 'openid', login_hint: USER.username }],
    ];
    for (const [place, claims, typ] of signed) {
      // Whom the client asks about can be asked again.
      await here.hufu.advance('PT10M');
      const take = consumers[place] ?? assert.fail(place);
      assert.equal(await take(sign(claims, typ)), true, place);
      for (const aud of nearly) assert.equal(await take(sign({ ...claims, aud }, typ)), false, `${place}: ${JSON.stringify(aud)}`);
      // What is shown to us must be for us alone; a request that the client sends here may name others (RFC 9101 §4).
      const withOthers = await take(sign({ ...claims, aud: [here.issuer, 'https://evil.example'] }, typ));
      assert.equal(withOthers, place.startsWith('request'), `${place}: with others`);
    }
  });
});
