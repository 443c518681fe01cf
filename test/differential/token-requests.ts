import { basic, type Desk, exchangeRequest } from './desk.ts';
import type { Facts } from './facts.ts';
import { changed, MUTATIONS, mutate, type Parameters, parameters } from './parameters.ts';
import { type DifferentialRequest, request } from './request.ts';
import { RESOURCE, redirectUriOf, secretOf } from './world.ts';

const TOKEN = '/oauth/token';

/** The exchange of a code (RFC 6749 §4.1.3) and the clients' proofs (§2.3). */
export const tokenRequests: readonly DifferentialRequest[] = [
  ...['grant_type', 'code', 'redirect_uri', 'code_verifier'].flatMap((name) =>
    Object.entries(MUTATIONS).map(([how, mutation]) =>
      request(`exchange: ${name} ${how}`, async (desk) =>
        desk.ask(TOKEN, 'web', mutate(exchangeRequest('web', await desk.code('web')), name, mutation)),
      ),
    ),
  ),
  ...['web', 'post', 'spa', 'third', 'hybrid', 'fresh', 'pair', 'twin', 'said', 'sealed', 'signer'].map((clientId) =>
    exchanged(`exchange ${clientId}: a good one`, clientId, {}, (sent) => sent),
  ),
  exchanged('exchange: without openid', 'web', { scope: 'read' }, (sent) => sent),
  exchanged('exchange: openid and read', 'web', { scope: 'openid read' }, (sent) => sent),
  exchanged('exchange: a request without a nonce', 'web', { nonce: undefined }, (sent) => sent),
  exchanged('exchange: max_age was asked for', 'web', { max_age: '10000' }, (sent) => sent),
  exchanged('exchange: offline_access', 'web', { scope: 'openid offline_access' }, (sent) => sent),
  exchanged('exchange: of a code that came with an ID token', 'hybrid', { response_type: 'code id_token' }, (sent) => sent),
  exchanged('exchange: of a code that came with a token', 'hybrid', { response_type: 'code token' }, (sent) => sent),
  exchanged('exchange: with a parameter that nobody knows', 'web', {}, (sent) => [...sent, ['extra', 'foobar']]),
  exchanged('exchange: with a parameter that nobody knows, twice', 'web', {}, (sent) => [...sent, ['extra', 'a'], ['extra', 'b']]),
  exchanged('exchange: with a scope', 'web', {}, (sent) => [...sent, ['scope', 'openid']]),
  exchanged('exchange: for a resource that was not asked for', 'web', {}, (sent) => [...sent, ['resource', RESOURCE]]),
  exchanged('exchange: for an unknown resource', 'web', {}, (sent) => [...sent, ['resource', 'https://unknown.example/']]),
  exchanged('exchange: for the resource that was asked for', 'web', { scope: 'openid read', resource: RESOURCE }, (sent) => [
    ...sent,
    ['resource', RESOURCE],
  ]),
  exchanged("exchange: another client's redirect_uri", 'web', {}, (sent) => changed(sent, { redirect_uri: redirectUriOf('other') })),
  exchanged('exchange: another verifier', 'web', {}, (sent) => changed(sent, { code_verifier: 'v'.repeat(43) })),
  exchanged('exchange: a verifier of 42 characters', 'web', {}, (sent) => changed(sent, { code_verifier: 'v'.repeat(42) })),
  exchanged('exchange: a verifier with a quote', 'web', {}, (sent) => changed(sent, { code_verifier: `${'v'.repeat(43)}"` })),
  exchanged('exchange: the code in capitals', 'web', {}, (sent) =>
    changed(sent, { code: (sent.find(([name]) => name === 'code')?.[1] ?? '').toUpperCase() }),
  ),
  request("exchange: another client's code", async (desk) => desk.ask(TOKEN, 'other', exchangeRequest('other', await desk.code('web')))),
  request('exchange: a code a second time', async (desk) => {
    const sent = exchangeRequest('web', await desk.code('web'));
    await desk.ask(TOKEN, 'web', sent);
    return desk.ask(TOKEN, 'web', sent);
  }),
  request('exchange: what a code that was used twice leaves alive', async (desk) => {
    const sent = exchangeRequest('web', await desk.code('web'));
    const { headers, body } = desk.authenticated('web', sent);
    const { access_token: token, refresh_token: refresh } = (await desk.post(TOKEN, body, headers)).body;
    await desk.ask(TOKEN, 'web', sent);
    return aftermath(desk, String(token), String(refresh));
  }),
  request('exchange: a code after a wrong verifier', async (desk) => {
    const sent = exchangeRequest('web', await desk.code('web'));
    await desk.ask(TOKEN, 'web', changed(sent, { code_verifier: 'v'.repeat(43) }));
    return desk.ask(TOKEN, 'web', sent);
  }),
  request('exchange: a code after another client tried it', async (desk) => {
    const code = await desk.code('web');
    await desk.ask(TOKEN, 'other', exchangeRequest('other', code));
    return desk.ask(TOKEN, 'web', exchangeRequest('web', code));
  }),
  request('exchange: a code after a wrong redirect_uri', async (desk) => {
    const sent = exchangeRequest('web', await desk.code('web'));
    await desk.ask(TOKEN, 'web', changed(sent, { redirect_uri: redirectUriOf('other') }));
    return desk.ask(TOKEN, 'web', sent);
  }),

  ...['password', 'implicit', 'urn:ietf:params:oauth:grant-type:device_code', 'AUTHORIZATION_CODE', 'client_credentials'].map((type) =>
    request(`token: grant_type ${type}`, (desk) =>
      desk.ask(TOKEN, 'web', parameters({ grant_type: type, username: 'mei', password: 'x' })),
    ),
  ),
  request('token: an empty body', (desk) => desk.askAs(TOKEN, 'web', [], { authorization: basic('web', secretOf('web')) })),
  request('token: JSON', (desk) =>
    raw(desk, {
      headers: { 'content-type': 'application/json', authorization: basic('web', secretOf('web')) },
      body: '{"grant_type":"authorization_code"}',
    }),
  ),
  request('token: no content type', (desk) =>
    raw(desk, { headers: { authorization: basic('web', secretOf('web')) }, body: new Uint8Array([97, 61, 49]) }),
  ),
  request('token: multipart', (desk) => raw(desk, { headers: { authorization: basic('web', secretOf('web')) }, body: new FormData() })),
  ...['GET', 'PUT', 'DELETE'].map((method) =>
    request(`token by ${method}`, async (desk) => ({ outcome: String((await desk.fetch(TOKEN, { method })).status) })),
  ),

  ...proofs(),
];

/** How a client can prove itself, and fail to. */
function proofs(): readonly DifferentialRequest[] {
  const secret = secretOf('web');
  const as = (id: string, more: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}): DifferentialRequest =>
    request(`client: ${id}`, async (desk) =>
      desk.askAs(TOKEN, 'web', [...exchangeRequest('web', await desk.code('web')), ...parameters(more)], headers),
    );
  const header = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
  return [
    as('nothing', {}),
    as('its name alone', { client_id: 'web' }),
    as('a wrong secret', {}, { authorization: basic('web', 'wrong') }),
    as('an empty secret', {}, { authorization: basic('web', '') }),
    as('an unknown client', {}, { authorization: basic('nobody', secret) }),
    as('an unknown client in the body', { client_id: 'nobody' }),
    as('its name in capitals', {}, { authorization: basic('WEB', secret) }),
    as('in the body instead of the header', { client_id: 'web', client_secret: secret }),
    as('in the body and in the header', { client_id: 'web', client_secret: secret }, { authorization: basic('web', secret) }),
    as('the header, and its name in the body', { client_id: 'web' }, { authorization: basic('web', secret) }),
    as('the header, and another name in the body', { client_id: 'other' }, { authorization: basic('web', secret) }),
    as('a header without a colon', {}, { authorization: header('web') }),
    as('a header that is no Base64', {}, { authorization: 'Basic !!!' }),
    as('an empty header', {}, { authorization: 'Basic ' }),
    as('basic in small letters', {}, { authorization: basic('web', secret).replace('Basic', 'basic') }),
    as('Bearer', {}, { authorization: 'Bearer x' }),
    as('a wrong secret in the body', { client_id: 'web', client_secret: 'wrong' }),
    as('an empty secret in the body', { client_id: 'web', client_secret: '' }),
    as('a secret in the body without a name', { client_secret: secret }),
    as('an assertion of an unknown type', { client_id: 'web', client_assertion: 'x', client_assertion_type: 'urn:unknown' }),
    as('an assertion without a type', { client_id: 'web', client_assertion: 'x' }),
    as('a type without an assertion', {
      client_id: 'web',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    }),
    request('client post: in the header instead of the body', async (desk) =>
      desk.askAs(TOKEN, 'post', exchangeRequest('post', await desk.code('post')), { authorization: basic('post', secretOf('post')) }),
    ),
    request('client post: its name twice', async (desk) =>
      desk.askAs(TOKEN, 'post', [
        ...exchangeRequest('post', await desk.code('post')),
        ['client_id', 'post'],
        ['client_id', 'post'],
        ['client_secret', secretOf('post')],
      ]),
    ),
    request('client spa: with a secret', async (desk) =>
      desk.askAs(TOKEN, 'spa', [
        ...exchangeRequest('spa', await desk.code('spa')),
        ...parameters({ client_id: 'spa', client_secret: 'x' }),
      ]),
    ),
    request('client spa: in the header', async (desk) =>
      desk.askAs(TOKEN, 'spa', exchangeRequest('spa', await desk.code('spa')), { authorization: basic('spa', 'x') }),
    ),
  ];
}

function exchanged(
  id: string,
  clientId: string,
  asked: Readonly<Record<string, string | undefined>>,
  change: (sent: Parameters) => Parameters,
): DifferentialRequest {
  return request(id, async (desk) => desk.ask(TOKEN, clientId, change(exchangeRequest(clientId, await desk.code(clientId, asked)))));
}

/** Whether tokens still hold. */
export async function aftermath(desk: Desk, accessToken: string, refreshToken: string): Promise<Facts> {
  const info = await desk.fetch('/oauth/userinfo', { headers: { authorization: `Bearer ${accessToken}` } });
  const refreshed = await desk.ask(TOKEN, 'web', parameters({ grant_type: 'refresh_token', refresh_token: refreshToken }));
  return {
    outcome: `access token ${info.status === 200 ? 'lives' : 'is dead'}, refresh token ${refreshed['outcome'] === '200: done' ? 'lives' : 'is dead'}`,
  };
}

async function raw(desk: Desk, init: RequestInit): Promise<Facts> {
  const reply = await desk.fetch(TOKEN, { method: 'POST', ...init });
  return { outcome: `${reply.status}: ${String(reply.body['error'] ?? 'done')}` };
}
