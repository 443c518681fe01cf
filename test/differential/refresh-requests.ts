import { type Desk } from './desk.ts';
import { changed, MUTATIONS, mutate, type Parameters, parameters } from './parameters.ts';
import { type DifferentialRequest, request } from './request.ts';
import { aftermath } from './token-requests.ts';
import { RESOURCE } from './world.ts';

const TOKEN = '/oauth/token';

/** Refreshing (RFC 6749 §6) and tokens for the client itself (§4.4). */
export const refreshRequests: readonly DifferentialRequest[] = [
  ...['grant_type', 'refresh_token'].flatMap((name) =>
    Object.entries(MUTATIONS).map(([how, mutation]) => refreshed(`refresh: ${name} ${how}`, (sent) => mutate(sent, name, mutation))),
  ),
  refreshed('refresh: a good one', (sent) => sent),
  ...[
    'openid',
    'openid profile',
    'profile',
    'email profile openid',
    'openid phone',
    'openid read',
    'unknown',
    '',
    'openid  email',
    '"',
  ].map((scope) => refreshed(`refresh: scope ${JSON.stringify(scope)}`, (sent) => changed(sent, { scope }))),
  refreshed('refresh: scope twice', (sent) => [...sent, ['scope', 'openid'], ['scope', 'openid']]),
  refreshed('refresh: an unknown resource', (sent) => changed(sent, { resource: 'https://unknown.example/' })),
  refreshed('refresh: a resource that was not granted', (sent) => changed(sent, { resource: RESOURCE })),
  refreshed('refresh: a parameter that nobody knows', (sent) => changed(sent, { extra: 'foobar' })),
  ...['post', 'spa', 'third', 'hybrid', 'fresh', 'pair', 'twin', 'sealed'].map((clientId) =>
    request(`refresh ${clientId}: a good one`, async (desk) => desk.ask(TOKEN, clientId, await refreshRequest(desk, clientId))),
  ),
  request('refresh: openid and read', async (desk) => desk.ask(TOKEN, 'web', await refreshRequest(desk, 'web', { scope: 'openid read' }))),
  request("refresh: another client's token", async (desk) => desk.ask(TOKEN, 'other', await refreshRequest(desk, 'web'))),
  request('refresh: after another client tried it', async (desk) => {
    const sent = await refreshRequest(desk, 'web');
    await desk.ask(TOKEN, 'other', sent);
    return desk.ask(TOKEN, 'web', sent);
  }),
  request('refresh: a token a second time, at once', async (desk) => {
    const sent = await refreshRequest(desk, 'web');
    await desk.ask(TOKEN, 'web', sent);
    return desk.ask(TOKEN, 'web', sent);
  }),
  request('refresh: a token two generations old, and what that leaves alive', async (desk) => {
    const first = await desk.tokens('web');
    const second = await renewed(desk, first['refresh_token']);
    const third = await renewed(desk, second['refresh_token']);
    await desk.ask(TOKEN, 'web', parameters({ grant_type: 'refresh_token', refresh_token: first['refresh_token'] }));
    return aftermath(desk, third['access_token'] ?? '', third['refresh_token'] ?? '');
  }),
  request('refresh: an access token', async (desk) =>
    desk.ask(TOKEN, 'web', parameters({ grant_type: 'refresh_token', refresh_token: (await desk.tokens('web'))['access_token'] })),
  ),
  request('refresh: a code', async (desk) =>
    desk.ask(TOKEN, 'web', parameters({ grant_type: 'refresh_token', refresh_token: await desk.code('web') })),
  ),
  request('refresh: without a proof', async (desk) => desk.askAs(TOKEN, 'web', await refreshRequest(desk, 'web'))),

  ...['read', 'read write', 'write read', 'openid', 'unknown', '', 'offline_access'].map((scope) =>
    request(`client_credentials: scope ${JSON.stringify(scope)}`, (desk) =>
      desk.ask(TOKEN, 'machine', parameters({ grant_type: 'client_credentials', scope })),
    ),
  ),
  request('client_credentials: no scope', (desk) => desk.ask(TOKEN, 'machine', parameters({ grant_type: 'client_credentials' }))),
  ...[RESOURCE, 'https://unknown.example/'].map((resource) =>
    request(`client_credentials: resource ${resource}`, (desk) =>
      desk.ask(TOKEN, 'machine', parameters({ grant_type: 'client_credentials', scope: 'read', resource })),
    ),
  ),
  request('client_credentials: without a proof', (desk) =>
    desk.askAs(TOKEN, 'machine', parameters({ grant_type: 'client_credentials', client_id: 'machine' })),
  ),
  request('client_credentials: of a public client', (desk) => desk.ask(TOKEN, 'spa', parameters({ grant_type: 'client_credentials' }))),
];

function refreshed(id: string, change: (sent: Parameters) => Parameters): DifferentialRequest {
  return request(id, async (desk) => desk.ask(TOKEN, 'web', change(await refreshRequest(desk, 'web'))));
}

async function refreshRequest(desk: Desk, clientId: string, asked: Readonly<Record<string, string>> = {}): Promise<Parameters> {
  const { refresh_token } = await desk.tokens(clientId, asked);
  return parameters({ grant_type: 'refresh_token', refresh_token });
}

async function renewed(desk: Desk, refreshToken: string | undefined): Promise<Readonly<Record<string, string>>> {
  const { headers, body } = desk.authenticated('web', parameters({ grant_type: 'refresh_token', refresh_token: refreshToken }));
  return Object.fromEntries(Object.entries((await desk.post(TOKEN, body, headers)).body).map(([name, value]) => [name, String(value)]));
}
