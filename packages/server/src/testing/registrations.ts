import { register } from '../endpoints/register.ts';
import { readClient, removeClient, replaceClient } from '../endpoints/registered-client.ts';
import type { HttpReply } from '../http.ts';
import { API, CHEAP_HASH, type World } from './world.ts';

/** A server where anybody may register, with an API and somebody to sign in. */
export const OPEN_YAML: string = registrationYaml('registration: open');

export function registrationYaml(policies: string): string {
  return `
signing: { algorithms: [ES256, RS256] }
policies: { ${policies} }
resources:
  - { identifier: '${API}', scopes: [read, write], token_format: jwt, token_ttl: 10m }
users:
  - { username: alice, password_hash: '${CHEAP_HASH}', claims: { sub: alice-sub, name: Alice Example } }
`;
}

/** Metadata that there is nothing wrong with. */
export const GOOD_METADATA = { client_name: 'Newcomer', redirect_uris: ['https://new.example/cb'] } as const;

/** A reply with its JSON. */
export interface Answer extends HttpReply {
  readonly json: Readonly<Record<string, unknown>>;
}

/** Sends metadata, or a body as it is, to the registration endpoint. */
export async function registerAt(
  world: World,
  metadata: object | string = GOOD_METADATA,
  headers: Readonly<Record<string, string>> = {},
  address = '192.0.2.1',
): Promise<Answer> {
  const body = typeof metadata === 'string' ? metadata : JSON.stringify(metadata);
  const all = { 'content-type': 'application/json', ...headers };
  return toAnswer(await register(world.ctx, world.http({ method: 'POST', path: '/oauth/register', headers: all, body, address })));
}

/** A request to the place that a registration named, with the token that came with it. */
export async function manageAt(
  world: World,
  method: 'GET' | 'PUT' | 'DELETE',
  { id, token }: { readonly id: unknown; readonly token?: unknown },
  metadata?: object,
): Promise<Answer> {
  const http = world.http({
    method,
    path: `/oauth/register/${String(id)}`,
    headers: { 'content-type': 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${String(token)}` }) },
    body: metadata === undefined ? '' : JSON.stringify(metadata),
  });
  const act = { GET: readClient, PUT: replaceClient, DELETE: removeClient }[method];
  return toAnswer(await act(world.ctx, http, String(id)));
}

function toAnswer(reply: HttpReply): Answer {
  const text = reply.body.toString();
  const json: unknown = text === '' ? {} : JSON.parse(text);
  return { ...reply, json: Object(json) };
}
