import { basic, type Desk } from './desk.ts';
import type { Facts } from './facts.ts';
import { changed, MUTATIONS, mutate, parameters } from './parameters.ts';
import { type DifferentialRequest, request } from './request.ts';
import { aftermath } from './token-requests.ts';
import { secretOf, USER } from './world.ts';

const INTROSPECT = '/oauth/introspect';
const REVOKE = '/oauth/revoke';
const FEWER = ['missing', 'empty', 'doubled', 'unknown', 'with a space behind', 'too long'];

/** Introspection (RFC 7662) and revocation (RFC 7009). */
export const tokenManagementRequests: readonly DifferentialRequest[] = [
  ...[INTROSPECT, REVOKE].flatMap((path) => [
    ...FEWER.map((how) =>
      request(`${path}: token ${how}`, async (desk) =>
        desk.ask(path, 'web', mutate(parameters({ token: await accessToken(desk) }), 'token', MUTATIONS[how] ?? ((value) => [value]))),
      ),
    ),
    ...['access_token', 'refresh_token', 'unknown', ''].map((hint) =>
      request(`${path}: an access token, hint ${JSON.stringify(hint)}`, async (desk) =>
        desk.ask(path, 'web', parameters({ token: await accessToken(desk), token_type_hint: hint })),
      ),
    ),
    request(`${path}: a refresh token`, async (desk) => desk.ask(path, 'web', parameters({ token: await refreshToken(desk) }))),
    request(`${path}: a refresh token, hint access_token`, async (desk) =>
      desk.ask(path, 'web', parameters({ token: await refreshToken(desk), token_type_hint: 'access_token' })),
    ),
    request(`${path}: a code`, async (desk) => desk.ask(path, 'web', parameters({ token: await desk.code('web') }))),
    request(`${path}: an ID token`, async (desk) => desk.ask(path, 'web', parameters({ token: (await desk.tokens('web'))['id_token'] }))),
    request(`${path}: another client's access token`, async (desk) =>
      desk.ask(path, 'other', parameters({ token: await accessToken(desk) })),
    ),
    request(`${path}: another client's refresh token`, async (desk) =>
      desk.ask(path, 'other', parameters({ token: await refreshToken(desk) })),
    ),
    request(`${path}: without a proof`, async (desk) => desk.askAs(path, 'web', parameters({ token: await accessToken(desk) }))),
    request(`${path}: a wrong secret`, async (desk) =>
      desk.askAs(path, 'web', parameters({ token: await accessToken(desk) }), { authorization: basic('web', 'wrong') }),
    ),
    request(`${path}: by a public client`, async (desk) =>
      desk.ask(path, 'spa', parameters({ token: (await desk.tokens('spa'))['access_token'] })),
    ),
    request(`${path} by GET`, async (desk) => ({ outcome: String((await desk.fetch(`${path}?token=x`)).status) })),
    request(`${path}: JSON`, async (desk) => {
      const headers = { 'content-type': 'application/json', authorization: basic('web', secretOf('web')) };
      const { status, body } = await desk.fetch(path, { method: 'POST', headers, body: '{"token":"x"}' });
      return { outcome: `${status}: ${String(body['error'] ?? 'done')}` };
    }),
  ]),
  request('/oauth/introspect: a machine, of its own token', async (desk) =>
    desk.ask(INTROSPECT, 'machine', parameters({ token: await machineToken(desk) })),
  ),
  request('/oauth/introspect: the resource server', async (desk) =>
    desk.ask(INTROSPECT, 'api', parameters({ token: await machineToken(desk) })),
  ),
  request('/oauth/introspect: the resource server, of a token of a user', async (desk) =>
    desk.ask(INTROSPECT, 'api', parameters({ token: (await desk.tokens('web', { scope: 'openid read' }))['access_token'] })),
  ),
  request('/oauth/introspect: the resource server, of a token for userinfo', async (desk) =>
    desk.ask(INTROSPECT, 'api', parameters({ token: await accessToken(desk) })),
  ),
  request('/oauth/introspect: a token of a pairwise client', async (desk) => {
    const facts = await desk.ask(INTROSPECT, 'pair', parameters({ token: (await desk.tokens('pair'))['access_token'] }));
    return { ...facts, 'member sub': facts['member sub'] === USER.username ? 'public' : 'another' };
  }),
  request('/oauth/introspect: after a revocation', async (desk) => {
    const token = await accessToken(desk);
    await desk.ask(REVOKE, 'web', parameters({ token }));
    return desk.ask(INTROSPECT, 'web', parameters({ token }));
  }),
  request('/oauth/introspect: a refresh token that was used', async (desk) => {
    const token = await refreshToken(desk);
    await desk.ask('/oauth/token', 'web', parameters({ grant_type: 'refresh_token', refresh_token: token }));
    return desk.ask(INTROSPECT, 'web', parameters({ token }));
  }),
  revoked('an access token', 'web', (tokens) => tokens['access_token']),
  revoked('a refresh token', 'web', (tokens) => tokens['refresh_token']),
  revoked("another client's access token", 'other', (tokens) => tokens['access_token']),
  revoked("another client's refresh token", 'other', (tokens) => tokens['refresh_token']),
  revoked('a changed refresh token', 'web', (tokens) => `${tokens['refresh_token'] ?? ''}x`),
  request('/oauth/revoke: twice', async (desk) => {
    const sent = parameters({ token: await refreshToken(desk) });
    await desk.ask(REVOKE, 'web', sent);
    return desk.ask(REVOKE, 'web', changed(sent, { token_type_hint: 'refresh_token' }));
  }),
];

/** What a revocation leaves alive. */
function revoked(id: string, by: string, choose: (tokens: Readonly<Record<string, string>>) => string | undefined): DifferentialRequest {
  return request(`/oauth/revoke: ${id}, and what that leaves alive`, async (desk): Promise<Facts> => {
    const tokens = await desk.tokens('web');
    await desk.ask(REVOKE, by, parameters({ token: choose(tokens) }));
    return aftermath(desk, tokens['access_token'] ?? '', tokens['refresh_token'] ?? '');
  });
}

async function accessToken(desk: Desk): Promise<string> {
  return (await desk.tokens('web'))['access_token'] ?? '';
}

async function refreshToken(desk: Desk): Promise<string> {
  return (await desk.tokens('web'))['refresh_token'] ?? '';
}

async function machineToken(desk: Desk): Promise<string> {
  const { headers, body } = desk.authenticated('machine', parameters({ grant_type: 'client_credentials', scope: 'read' }));
  return String((await desk.post('/oauth/token', body, headers)).body['access_token']);
}
