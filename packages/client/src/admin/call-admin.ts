import { ADMIN_PATH } from '@hufu/protocol/admin/operation';
import { type BodyOf, type OperationName, operationOf, type ParamsOf, type QueryOf, type ReplyOf } from '@hufu/protocol/admin/operations';
import { ask, type Fetch, malformed } from '../ask.ts';
import { readRefusal } from './admin-error.ts';

/** How the admin API is reached. */
export interface AdminTransport {
  /** Where `/admin/v1` is below: the issuer, or the origin of the token handler that swaps a cookie for the token. Without a `/` at its end. */
  readonly base: string;
  /** The global `fetch`, or one that adds what the API wants to see: `sessionFetch` of the SDK, or a page's own with its header against forgery. */
  readonly fetch: Fetch;
  /** An access token, asked for before each request. Absent: `fetch` adds what is needed. */
  token?(): Promise<string>;
  /** `same-origin` where a cookie stands for the token; none goes along where it is left out. */
  readonly credentials?: 'omit' | 'same-origin';
}

/** What every operation takes beside its own. */
export interface AnyInput {
  /** The `ETag` of what was read: refused with `precondition_failed` where it has changed since. */
  readonly ifMatch?: string | undefined;
  /** The same key with the same request is answered as the first time. 1 to 64 visible characters. */
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What this operation takes: its path's parameters, its query and its body, as the table has them. */
export type InputOf<N extends OperationName> = AnyInput & { readonly query?: QueryOf<N> } & ([keyof ParamsOf<N>] extends [never]
    ? { readonly params?: Readonly<Record<never, string>> }
    : { readonly params: ParamsOf<N> }) &
  ([BodyOf<N>] extends [undefined] ? { readonly body?: undefined } : { readonly body: BodyOf<N> });

/** An answer of the API. */
export interface AdminReply<T> {
  readonly body: T;
  /** For `ifMatch`; undefined where it has none. */
  readonly etag: string | undefined;
}

/** The input of no operation in particular: for what goes over the table. The server judges it. */
export interface UntypedInput extends AnyInput {
  readonly params?: Readonly<Record<string, string>>;
  /** An object. */
  readonly query?: unknown;
  readonly body?: unknown;
}

/**
 * Does one operation of the admin API (`OPERATIONS` of `@hufu/protocol`). Throws `AdminError` for a refusal of the API, and `ClientError` where there was no answer of
 * it. Nothing is tried twice.
 */
export async function callAdmin<N extends OperationName>(
  transport: AdminTransport,
  name: N,
  input: InputOf<N>,
): Promise<AdminReply<ReplyOf<N>>> {
  const { body, etag } = await callUntyped(transport, name, { ...input });
  // The server is held to the table in its own tests.
  return { body: body as ReplyOf<N>, etag };
}

/** As `callAdmin`, for a name and an input that the compiler does not know. Throws `TypeError` where a parameter of the path is missing. */
export async function callUntyped(transport: AdminTransport, name: OperationName, input: UntypedInput): Promise<AdminReply<unknown>> {
  const { method, path, reply } = operationOf(name);
  const { params = {}, query, body, ifMatch, idempotencyKey, signal } = input;
  const headers = new Headers();
  const token = await transport.token?.();
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  if (body !== undefined) headers.set('content-type', 'application/json');
  if (ifMatch !== undefined) headers.set('if-match', ifMatch);
  if (idempotencyKey !== undefined) headers.set('idempotency-key', idempotencyKey);
  const answer = await ask(
    transport.fetch,
    `${transport.base}${ADMIN_PATH}${fill(path, params)}${search(query)}`,
    {
      method,
      headers,
      credentials: transport.credentials ?? 'omit',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    },
    signal,
  );
  if (answer.status !== reply.status) throw readRefusal(answer, name);
  if (reply.body !== undefined && answer.body === undefined)
    throw malformed(`${name} has answered something else than JSON`, answer.status);
  return { body: answer.body, etag: answer.headers.get('etag') ?? undefined };
}

function fill(path: string, params: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => {
    const value = params[name];
    // `.` and `..` would be another path (RFC 3986 §5.2.4), also when encoded.
    if (value === undefined || value === '' || value === '.' || value === '..') throw new TypeError(`${name} is needed`);
    return encodeURIComponent(value);
  });
}

function search(query: unknown): string {
  const given = Object.entries<unknown>(Object(query)).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}
