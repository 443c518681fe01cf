/** What each profile asks of an authorization request, cell by cell: a request that does for all of them, and what becomes of it where one thing is missing. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { OAuthError } from '@hufu/protocol/errors';
import { readForm, readQuery } from '@hufu/protocol/form';
import { findClient } from '../clients.ts';
import { Trail } from '../decisions/trail.ts';
import { clientKeyPair, signWith } from '../testing/client-assertions.ts';
import { PROFILE_NAMES, profilesYaml } from '../testing/profile-clients.ts';
import { CHALLENGE } from '../testing/visits.ts';
import { API, ISSUER, openWorld, START } from '../testing/world.ts';
import { checkResponseMode } from './check-response-mode.ts';
import { REQUEST_RULES, RedirectError, readAuthorizationRequest } from './read-request.ts';

const pair = await clientKeyPair('ec');
const world = await openWorld({ yaml: profilesYaml([pair]) });
after(() => world.close());

interface Sent {
  readonly parameters?: Readonly<Record<string, string | undefined>>;
  readonly way?: 'pushed' | 'sent';
  readonly form?: 'signed' | 'plain';
}

/** Pushed and signed, with PKCE, a resource, and a JWT for an answer. */
const GOOD: Readonly<Record<string, string>> = {
  response_type: 'code',
  redirect_uri: 'https://app.example/cb',
  response_mode: 'jwt',
  scope: 'openid read',
  nonce: 'n-1',
  state: 's-1',
  resource: API,
  code_challenge: CHALLENGE,
  code_challenge_method: 'S256',
};
const NO_PKCE = { code_challenge: undefined, code_challenge_method: undefined };

/** What is refused, or '' where nothing is. */
async function outcome(profile: string, { parameters = {}, way = 'pushed', form = 'signed' }: Sent = {}): Promise<string> {
  const client = (await findClient(world.ctx, profile)) ?? assert.fail(profile);
  const wanted = Object.fromEntries(Object.entries({ ...GOOD, ...parameters }).filter(([, value]) => value !== undefined));
  const times = { iss: profile, aud: ISSUER, nbf: START, exp: START + 60 };
  const object = signWith(pair, { ...times, client_id: profile, ...wanted }, { typ: 'oauth-authz-req+jwt' });
  const outside = form === 'plain' ? wanted : way === 'pushed' ? { request: object } : { ...wanted, request: object };
  const query = new URLSearchParams(Object.entries({ client_id: profile, ...outside }).map(([name, value]) => [name, String(value)]));
  const source = way === 'pushed' ? ({ kind: 'push', client, proven: undefined } as const) : ({ kind: 'browser' } as const);
  try {
    await readAuthorizationRequest(world.ctx, readQuery(query.toString(), REQUEST_RULES), source, new Trail(), START);
    return '';
  } catch (error) {
    const refusal = error instanceof RedirectError ? error.error : error;
    assert.ok(refusal instanceof OAuthError, String(refusal));
    return `${refusal.code}: ${refusal.description}`;
  }
}

const PUSH = 'invalid_request: the client has to push its requests';
const SIGN = 'invalid_request: the client has to sign its requests';
const PKCE = 'invalid_request: code_challenge is missing: PKCE is required';
const JWT = 'invalid_request: the client has to ask for an answer that is a JWT';
const RESOURCE = 'invalid_target: the client has to name the resource that its token is for';

const TABLE: readonly (readonly [string, Sent, Readonly<Record<string, string>>])[] = [
  ['nothing is missing', {}, {}],
  ['it is not pushed (FAPI 2.0 Security Profile §5.3.2.2)', { way: 'sent' }, { fapi2_security: PUSH, fapi2_message_signing: PUSH }],
  ['it is not signed (FAPI 1.0 Advanced §5.2.2)', { form: 'plain' }, { fapi1_advanced: SIGN }],
  [
    'it has no code_challenge, pushed (FAPI 2.0 Security Profile §5.3.2.2, FAPI 1.0 Advanced §5.2.2, OAuth 2.1 §10)',
    { parameters: NO_PKCE },
    { oauth21: PKCE, mcp: PKCE, fapi2_security: PKCE, fapi2_message_signing: PKCE, fapi1_advanced: PKCE },
  ],
  [
    'it has no code_challenge, not pushed (OAuth 2.1 §10)',
    { parameters: NO_PKCE, way: 'sent' },
    // To FAPI 1.0 PKCE is of pushed requests.
    { oauth21: PKCE, mcp: PKCE, fapi2_security: PUSH, fapi2_message_signing: PUSH },
  ],
  [
    'its code_challenge_method is plain (OAuth 2.1 §10)',
    { parameters: { code_challenge_method: 'plain' } },
    Object.fromEntries(PROFILE_NAMES.map((name) => [name, 'invalid_request: code_challenge_method is not S256'])),
  ],
  [
    'its answer is no JWT (FAPI 1.0 Advanced §5.2.2, FAPI 2.0 Message Signing §5.4)',
    { parameters: { response_mode: undefined } },
    { fapi2_message_signing: JWT, fapi1_advanced: JWT },
  ],
  [
    'its answer is no JWT, by form_post (FAPI 1.0 Advanced §5.2.2)',
    { parameters: { response_mode: 'form_post' } },
    { fapi2_message_signing: JWT, fapi1_advanced: JWT },
  ],
  ['it names no resource (RFC 8707 §2)', { parameters: { resource: undefined } }, { mcp: RESOURCE }],
];

describe('profile × what an authorization request lacks', () => {
  for (const [what, sent, refusals] of TABLE) {
    test(`${what}`, async () => {
      for (const profile of PROFILE_NAMES) assert.equal(await outcome(profile, sent), refusals[profile] ?? '', profile);
    });
  }
});

test('an ID token in the answer is its signature (FAPI 1.0 Advanced §5.2.2)', async () => {
  assert.equal(await outcome('fapi1_advanced', { parameters: { response_type: 'code id_token', response_mode: undefined } }), '');
});

test('FAPI 1.0 wants the signature also of a row that names no algorithm (FAPI 1.0 Advanced §5.2.2)', async () => {
  const client = (await findClient(world.ctx, 'fapi1_advanced')) ?? assert.fail();
  const bare = { ...client, metadata: { ...client.metadata, authorizationSignedResponseAlg: undefined } };
  const path = { client: bare, redirectUri: '', mode: 'query', state: undefined, pushed: undefined } as const;
  assert.throws(() => checkResponseMode(readForm('response_type=code'), path), { description: JWT.slice(17) });
});

test('a client that registered no algorithm for it gets its answers as they are (FAPI 2.0 Message Signing §5.4)', async () => {
  const yaml = profilesYaml([pair]).replace(
    /(dpop_bound_access_tokens: true), authorization_signed_response_alg: ES256/,
    '$1, require_signed_request_object: true',
  );
  const own = await openWorld({ yaml });
  const client = (await findClient(own.ctx, 'fapi2_message_signing')) ?? assert.fail();
  const claims = { iss: client.id, client_id: client.id, aud: ISSUER, nbf: START, exp: START + 60, ...GOOD, response_mode: undefined };
  const request = signWith(pair, claims, { typ: 'oauth-authz-req+jwt' });
  const form = readQuery(new URLSearchParams({ client_id: client.id, request }).toString(), REQUEST_RULES);
  const read = await readAuthorizationRequest(own.ctx, form, { kind: 'push', client, proven: undefined }, new Trail(), START);
  assert.equal(read.mode, 'query');
  await own.close();
});
