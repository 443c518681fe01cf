import { UnsecuredJWT } from 'jose';
import { authorizationRequest, type Desk } from './desk.ts';
import { changed } from './parameters.ts';
import { type DifferentialRequest, request } from './request.ts';

const WEB = authorizationRequest('web');

/** `claims` (OpenID Connect Core §5.5): what is asked by name, and shapes that are none. */
const CLAIMS: readonly string[] = [
  '{"id_token":{"name":null}}',
  '{"id_token":{"name":{"essential":true},"email":null}}',
  '{"userinfo":{"name":null}}',
  '{"userinfo":{"phone_number":{"essential":true}},"id_token":{"address":null}}',
  '{"id_token":{"unknown":null}}',
  '{"id_token":{"auth_time":{"essential":true}}}',
  '{"id_token":{"acr":{"values":["urn:unknown"]}}}',
  '{"id_token":{"acr":{"essential":true,"values":["urn:unknown"]}}}',
  '{"id_token":{"acr":{"essential":true,"value":"urn:unknown"}}}',
  '{"id_token":{"sub":{"value":"mei"}}}',
  '{"id_token":{"sub":{"value":"somebody else"}}}',
  '{"id_token":{"name":{"value":"Another"}}}',
  '{}',
  '{"unknown":{}}',
  '{"id_token":{}}',
  'null',
  '[]',
  '"text"',
  '7',
  '',
  '{',
  '{"id_token":[]}',
  '{"id_token":null}',
  '{"id_token":{"name":"yes"}}',
  '{"id_token":{"name":[]}}',
  '{"userinfo":"all"}',
];

/** What a request says about the user: a hint, or claims. */
export const hintAndClaimsRequests: readonly DifferentialRequest[] = [
  ...CLAIMS.map((claims) =>
    request(`authorize: claims ${claims}`, async (desk) => {
      const sent = changed(WEB, { claims });
      const facts = await desk.authorize(sent);
      if (facts['outcome'] !== 'query: done') return facts;
      // What was asked for is in the tokens.
      const { access_token: token = '', id_token: idToken = '' } = await desk.tokens('web', { claims });
      return { ...facts, ...(await desk.factsOfIdToken(idToken, 'web', token)), ...(await desk.factsOfUserinfo(token)) };
    }),
  ),
  ...['{"id_token":{"name":null}}', '{"userinfo":{"name":null}}'].map((claims) =>
    request(`authorize hybrid: id_token with claims ${claims}`, (desk) =>
      desk.authorize(changed(authorizationRequest('hybrid'), { response_type: 'id_token', claims })),
    ),
  ),
  request('authorize: claims of a request without openid', (desk) =>
    desk.authorize(changed(WEB, { scope: 'read', claims: '{"id_token":{"name":null}}' })),
  ),
  hinted('its own ID token', (desk) => idTokenFor(desk, 'web')),
  hinted("another client's ID token", (desk) => idTokenFor(desk, 'other')),
  hinted('a changed ID token', async (desk) => `${(await idTokenFor(desk, 'web')).slice(0, -4)}AAAA`),
  hinted('an unsigned ID token', async (desk) =>
    new UnsecuredJWT({ iss: desk.side.issuer, aud: 'web', sub: 'mei', exp: 4_000_000_000, iat: 1_700_000_000 }).encode(),
  ),
  hinted('nothing', async () => ''),
  hinted('no JWT', async () => 'x'),
  hinted('an access token', async (desk) => (await desk.tokens('web'))['access_token'] ?? ''),
  request('authorize, nobody signed in: id_token_hint with prompt none', async (desk) =>
    desk.authorize(changed(WEB, { id_token_hint: await idTokenFor(desk, 'web'), prompt: 'none' }), { browser: 'new' }),
  ),
];

function hinted(id: string, hint: (desk: Desk) => Promise<string>): DifferentialRequest {
  return request(`authorize: id_token_hint is ${id}`, async (desk) =>
    desk.authorize(changed(WEB, { id_token_hint: await hint(desk), prompt: 'none' })),
  );
}

async function idTokenFor(desk: Desk, clientId: string): Promise<string> {
  return (await desk.tokens(clientId))['id_token'] ?? '';
}
