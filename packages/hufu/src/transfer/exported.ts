import { RefusedError } from '../command.ts';

export const EXPORT_FORMAT = 'hufu export 1';

/** A client that is not of hufu.yaml. */
export interface ExportedClient {
  readonly client_id: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly source: 'admin' | 'registered';
  readonly enabled: boolean;
  /** Keyed hashes, which only this very instance can compare. Only with credentials. */
  readonly secrets?: readonly {
    readonly hash: string;
    readonly created_at: number;
    readonly expires_at: number;
    readonly sealed?: string;
  }[];
  readonly registration_hash?: string;
}

export interface ExportedUser {
  readonly sub: string;
  readonly username: string;
  readonly source: 'config' | 'sign_up' | 'upstream' | 'admin';
  readonly claims: Readonly<Record<string, unknown>>;
  readonly enabled: boolean;
  readonly locked_until?: number;
  /** Whether they have a second factor, which does not come along; then their password does not either. */
  readonly second_factor: boolean;
  /** Only with credentials. */
  readonly password_hash?: string;
  readonly role?: string;
}

/** What `hufu export` writes: what administrators and people have made, and no tokens. */
export interface Exported {
  readonly format: typeof EXPORT_FORMAT;
  readonly issuer: string;
  readonly exported_at: number;
  readonly with_credentials: boolean;
  /** Says whether keyed hashes are of the same instance; tells nothing about its keys. */
  readonly instance: string;
  readonly clients: readonly ExportedClient[];
  readonly users: readonly ExportedUser[];
  readonly limits: readonly { readonly name: string; readonly rule: unknown }[];
}

type Kinds = Readonly<Record<string, 'text' | 'flag' | 'number' | 'object' | 'list' | 'any' | 'text?' | 'number?' | 'list?'>>;

const TOP: Kinds = {
  format: 'text',
  issuer: 'text',
  exported_at: 'number',
  with_credentials: 'flag',
  instance: 'text',
  clients: 'list',
  users: 'list',
  limits: 'list',
};
const CLIENT: Kinds = {
  client_id: 'text',
  metadata: 'object',
  source: 'text',
  enabled: 'flag',
  secrets: 'list?',
  registration_hash: 'text?',
};
const SECRET: Kinds = { hash: 'text', created_at: 'number', expires_at: 'number', sealed: 'text?' };
const USER: Kinds = {
  sub: 'text',
  username: 'text',
  source: 'text',
  claims: 'object',
  enabled: 'flag',
  locked_until: 'number?',
  second_factor: 'flag',
  password_hash: 'text?',
  role: 'text?',
};
const LIMIT: Kinds = { name: 'text', rule: 'any' };

/** Reads what `hufu export` has written. Throws `RefusedError` for anything that it does not know: nothing of an export is silently left out. */
export function readExported(value: unknown): Exported {
  const top = members(value, TOP, '');
  if (top['format'] !== EXPORT_FORMAT) throw new RefusedError(`this is no export of this version (${EXPORT_FORMAT})`);
  for (const [i, client] of items(top['clients'])) {
    const { secrets = [], source } = members(client, CLIENT, `clients[${i}]`);
    if (source !== 'admin' && source !== 'registered') throw new RefusedError(`clients[${i}].source is not admin or registered`);
    for (const [j, secret] of items(secrets)) members(secret, SECRET, `clients[${i}].secrets[${j}]`);
  }
  for (const [i, user] of items(top['users'])) {
    const { source } = members(user, USER, `users[${i}]`);
    if (!['config', 'sign_up', 'upstream', 'admin'].includes(String(source))) throw new RefusedError(`users[${i}].source is unknown`);
  }
  for (const [i, limit] of items(top['limits'])) members(limit, LIMIT, `limits[${i}]`);
  // Every member was looked at.
  return value as Exported;
}

function members(value: unknown, kinds: Kinds, where: string): Readonly<Record<string, unknown>> {
  const at = (name: string): string => (where === '' ? name : `${where}.${name}`);
  if (!isObject(value)) throw new RefusedError(`${where === '' ? 'the export' : where} is no object`);
  for (const name of Object.keys(value)) if (!Object.hasOwn(kinds, name)) throw new RefusedError(`${at(name)} is unknown to this version`);
  for (const [name, kind] of Object.entries(kinds))
    if (!isOf(value[name], kind)) throw new RefusedError(`${at(name)} is missing, or not what it should be`);
  return value;
}

function isOf(value: unknown, kind: Kinds[string]): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string' && value !== '';
    case 'flag':
      return typeof value === 'boolean';
    case 'number':
      return Number.isSafeInteger(value);
    case 'object':
      return isObject(value);
    case 'list':
      return Array.isArray(value);
    case 'any':
      return value !== undefined;
    case 'text?':
      return value === undefined || isOf(value, 'text');
    case 'number?':
      return value === undefined || isOf(value, 'number');
    case 'list?':
      return value === undefined || Array.isArray(value);
    default:
      return false;
  }
}

function items(value: unknown): readonly (readonly [number, unknown])[] {
  return Array.isArray(value) ? [...value.entries()] : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
