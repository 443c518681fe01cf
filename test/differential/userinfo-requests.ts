import type { Desk } from './desk.ts';
import { type Facts, factsOfHeaders, outcomeOf, presence } from './facts.ts';
import { encode, parameters } from './parameters.ts';
import { type DifferentialRequest, request } from './request.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Userinfo (OpenID Connect Core §5.3) and how a token gets there (RFC 6750 §2). */
export const userinfoRequests: readonly DifferentialRequest[] = [
  asked('by GET', 'web', (token) => ({ headers: bearer(token) })),
  asked('by POST with the header', 'web', (token) => ({ method: 'POST', headers: bearer(token) })),
  asked('by POST with the body', 'web', (token) => ({ method: 'POST', headers: FORM, body: encode(parameters({ access_token: token })) })),
  asked('in the header and in the body', 'web', (token) => ({
    method: 'POST',
    headers: { ...FORM, ...bearer(token) },
    body: encode(parameters({ access_token: token })),
  })),
  asked('in the body, twice', 'web', (token) => ({
    method: 'POST',
    headers: FORM,
    body: `${encode(parameters({ access_token: token }))}&access_token=x`,
  })),
  asked('in the body as JSON', 'web', (token) => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ access_token: token }),
  })),
  asked(
    'in the address',
    'web',
    () => ({}),
    (token) => `?access_token=${token}`,
  ),
  asked('bearer in small letters', 'web', (token) => ({ headers: { authorization: `bearer ${token}` } })),
  asked('Bearer and nothing', 'web', () => ({ headers: { authorization: 'Bearer' } })),
  asked('Bearer and two tokens', 'web', (token) => ({ headers: { authorization: `Bearer ${token} ${token}` } })),
  asked('Basic', 'web', (token) => ({ headers: { authorization: `Basic ${token}` } })),
  asked('no token', 'web', () => ({})),
  asked('no token by POST', 'web', () => ({ method: 'POST' })),
  asked('a token that is none', 'web', () => ({ headers: bearer('x') })),
  asked('a changed token', 'web', (token) => ({ headers: bearer(`${token}x`) })),
  asked('a character that no token has', 'web', () => ({ headers: bearer('a"b') })),
  asked('by PUT', 'web', (token) => ({ method: 'PUT', headers: bearer(token) })),
  ...['said', 'pair', 'hybrid', 'fresh', 'sealed'].map((clientId) =>
    asked(`of ${clientId}`, clientId, (token) => ({ headers: bearer(token) })),
  ),
  ...['openid', 'openid profile', 'openid email', 'openid phone address', 'openid profile email phone address'].map((scope) =>
    asked(`scope ${scope}`, 'web', (token) => ({ headers: bearer(token) }), undefined, scope),
  ),
  request('/oauth/userinfo: a refresh token', async (desk) =>
    sent(desk, 'web', '', { headers: bearer((await desk.tokens('web'))['refresh_token'] ?? '') }),
  ),
  request('/oauth/userinfo: an ID token', async (desk) =>
    sent(desk, 'web', '', { headers: bearer((await desk.tokens('web'))['id_token'] ?? '') }),
  ),
  request('/oauth/userinfo: a code', async (desk) => sent(desk, 'web', '', { headers: bearer(await desk.code('web')) })),
  request('/oauth/userinfo: a token of a machine', async (desk) => {
    const { headers, body } = desk.authenticated('machine', parameters({ grant_type: 'client_credentials', scope: 'read' }));
    return sent(desk, 'machine', '', { headers: bearer(String((await desk.post('/oauth/token', body, headers)).body['access_token'])) });
  }),
  request('/oauth/userinfo: a token for the resource', async (desk) =>
    sent(desk, 'web', '', { headers: bearer((await desk.tokens('web', { scope: 'openid read' }))['access_token'] ?? '') }),
  ),
];

function asked(
  id: string,
  clientId: string,
  init: (token: string) => RequestInit,
  query: (token: string) => string = () => '',
  scope = 'openid profile email',
): DifferentialRequest {
  return request(`/oauth/userinfo: ${id}`, async (desk) => {
    const token = (await desk.tokens(clientId, { scope }))['access_token'] ?? '';
    return sent(desk, clientId, query(token), init(token));
  });
}

async function sent(desk: Desk, clientId: string, query: string, init: RequestInit): Promise<Facts> {
  const reply = await fetch(`${desk.side.issuer}/oauth/userinfo${query}`, init);
  const text = await reply.text();
  const headers = factsOfHeaders(reply.headers);
  if (headers['type'] === 'application/jwt') {
    // Its end is that of the access token, which was there some moments before.
    const { 'id_token lifetime': _, ...facts } = await desk.factsOfIdToken(text, clientId, '');
    return { outcome: outcomeOf(String(reply.status), undefined), ...headers, ...facts };
  }
  const body: Record<string, unknown> = Object(text.startsWith('{') ? JSON.parse(text) : {});
  const { error, sub } = body;
  return {
    outcome: outcomeOf(String(reply.status), error),
    ...headers,
    ...(sub === undefined ? {} : { sub: sub === 'mei' ? 'public' : 'another' }),
    ...(error === undefined ? presence('userinfo claim', Object.keys(body)) : {}),
  };
}

function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}
