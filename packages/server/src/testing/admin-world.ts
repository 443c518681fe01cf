import { ADMIN_PATH } from '@hufu/protocol/admin/operation';
import type { OperationName } from '@hufu/protocol/admin/operations';
import { operationOf } from '@hufu/protocol/admin/operations';
import { ADMIN_SCOPES, ROLES, type Role, scopeOf } from '@hufu/protocol/admin/roles';
import type { HttpReply } from '../http.ts';
import { callAdmin } from './admin.ts';
import { postToken, signedIn, tokensOf } from './visits.ts';
import { BASIC_YAML, CHEAP_HASH, openWorld, type World, type WorldOptions } from './world.ts';

const SECRET = 'admin-secret-0123456789abcdef01234567';
const ALL = ADMIN_SCOPES.join(' ');

/** `BASIC_YAML` with a program for each role (`ops-read`, …), a console, and a user for each role (`u-read`, …). */
export const ADMIN_YAML: string = BASIC_YAML.replace(
  'resources:',
  `${ROLES.map((role) => `  - { client_id: ops-${role}, client_secret: ${SECRET}, grant_types: [client_credentials], scope: '${scopeOf(role)}' }\n`).join('')}  - { client_id: ops-limits, client_secret: ${SECRET}, grant_types: [client_credentials], scope: 'hufu:admin:limits' }
  - client_id: console
    client_secret: ${SECRET}
    redirect_uris: [https://console.example/cb]
    grant_types: [authorization_code, refresh_token]
    scope: openid ${ALL}
    hufu: { first_party: true }
  - client_id: plain
    client_secret: ${SECRET}
    redirect_uris: [https://plain.example/cb]
    grant_types: [authorization_code]
    hufu: { first_party: true }
resources:`,
)
  .concat(ROLES.map((role) => `  - { username: u-${role}, password_hash: '${CHEAP_HASH}', claims: { sub: sub-${role} } }\n`).join(''))
  .concat(`policies:\n  administrators: { ${ROLES.map((role) => `u-${role}: ${role}`).join(', ')} }\n`);

export function openAdminWorld(options: WorldOptions = {}): Promise<World> {
  return openWorld({ yaml: ADMIN_YAML, ...options });
}

/** The token of a program for itself. */
export async function programToken(world: World, client: string, scope: string): Promise<string> {
  const reply = await postToken(world, { grant_type: 'client_credentials', scope }, { basic: `${client}:${SECRET}` });
  if (reply.status !== 200) throw new Error(`${client}: ${reply.body.toString()}`);
  return String(reply.json['access_token']);
}

export function roleToken(world: World, role: Role): Promise<string> {
  return programToken(world, `ops-${role}`, scopeOf(role));
}

/** The token of a person who has just signed in at the console. */
export async function personToken(world: World, username: string, scope: string = ALL): Promise<string> {
  const asked = { client_id: 'console', client_secret: SECRET, redirect_uri: 'https://console.example/cb', scope: `openid ${scope}` };
  return String((await tokensOf(world, asked, await signedIn(world, username)))['access_token']);
}

export interface Asked {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Told = HttpReply & { readonly json: Readonly<Record<string, unknown>> };

/** A call of an operation with a token ('' for none). */
export async function ask(world: World, token: string, name: OperationName, asked: Asked = {}): Promise<Told> {
  const { method, path } = operationOf(name);
  const filled = path.replaceAll(/\{([^}]+)\}/g, (_, param: string) => encodeURIComponent((asked.params?.[param] ?? 'x').toWellFormed()));
  const reply = await callAdmin(
    world.ctx,
    world.http({
      method,
      path: `${ADMIN_PATH}${filled}`,
      query: asked.query ?? '',
      headers: {
        ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
        ...(asked.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...asked.headers,
      },
      body: asked.body === undefined ? '' : typeof asked.body === 'string' ? asked.body : JSON.stringify(asked.body),
    }),
  );
  const text = reply.body.toString();
  const json: unknown = text === '' ? {} : JSON.parse(text);
  return { ...reply, json: Object(json) };
}
