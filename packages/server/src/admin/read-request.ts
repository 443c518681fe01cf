import type { AnyOperation } from '@hufu/protocol/admin/operation';
import { ADMIN_PATH } from '@hufu/protocol/admin/operation';
import type { ProblemPart } from '@hufu/protocol/admin/problem';
import type { JsonSchema } from '@hufu/protocol/admin/shape';
import { requireJson } from '../endpoints/json-body.ts';
import type { HttpRequest } from '../http.ts';
import { AdminRefusal, invalid } from './refusal.ts';
import { judgeOf } from './validate.ts';

export interface AdminRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
  /** Of `If-Match`: undefined where there is none, or `*`. */
  readonly tag: string | undefined;
  readonly key: string | undefined;
}

const MAX_PARAMETERS = 20;

/** Path, query, headers and body of a request, as the table has them. Throws what is wrong with any of it, all at once. */
export function readRequest(operation: AnyOperation, request: HttpRequest): AdminRequest {
  const params = readParams(operation, request.path);
  const query = readQuery(operation.query, request.query);
  const body = operation.body === undefined ? undefined : readBody(operation.body, request);
  const errors = [...params.errors, ...query.errors, ...(body?.errors ?? [])];
  if (operation.body === undefined && request.body !== '') errors.push({ pointer: '', detail: 'there is nothing to send here' });
  if (errors.length > 0) throw invalid(errors);
  return {
    params: params.value,
    query: query.value,
    body: body?.value,
    tag: readTag(operation, request),
    key: readKey(operation, request),
  };
}

interface Part<T> {
  readonly value: T;
  readonly errors: readonly ProblemPart[];
}

function readParams({ path, params }: AnyOperation, given: string): Part<Readonly<Record<string, string>>> {
  const steps = given.slice(ADMIN_PATH.length).split('/');
  const values: Record<string, string> = {};
  const errors: ProblemPart[] = [];
  for (const [at, step] of path.split('/').entries()) {
    const name = /^\{(.+)\}$/.exec(step)?.[1];
    if (name === undefined) continue;
    const value = decode(steps[at] ?? '');
    values[name] = value;
    for (const { detail } of judgeOf(params[name] ?? {})(value)) errors.push({ pointer: `path/${name}`, detail });
  }
  return { value: values, errors };
}

function decode(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return '';
  }
}

/** Each parameter once at most (attacks HTP-08), as the type that its schema has. */
function readQuery(schema: JsonSchema, query: string): Part<unknown> {
  const known: Readonly<Record<string, JsonSchema>> = Object(schema['properties']);
  const values: Record<string, unknown> = {};
  const errors: ProblemPart[] = [];
  const given = query === '' ? [] : [...new URLSearchParams(query)];
  for (const [name, text] of given.slice(0, MAX_PARAMETERS)) {
    const about = `query/${name.slice(0, 100)}`;
    const type = Object.hasOwn(known, name) ? known[name]?.['type'] : undefined;
    if (type === undefined) errors.push({ pointer: about, detail: 'is unknown' });
    else if (Object.hasOwn(values, name)) errors.push({ pointer: about, detail: 'is repeated' });
    else values[name] = typed(type, text);
  }
  if (given.length > MAX_PARAMETERS) errors.push({ pointer: 'query', detail: 'has too many parameters' });
  const faults = judgeOf(schema)(values).map(({ pointer, detail }) => ({ pointer: `query${pointer}`, detail }));
  return { value: values, errors: [...errors, ...faults] };
}

function typed(type: unknown, text: string): unknown {
  if (type === 'integer' && /^(?:0|[1-9][0-9]{0,14})$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

/** Where nothing has to be said, nothing may be sent. */
function readBody(schema: JsonSchema, request: HttpRequest): Part<unknown> {
  const required: unknown = schema['required'];
  const value = request.body === '' && Array.isArray(required) && required.length === 0 ? {} : requireJson(request);
  return { value, errors: judgeOf(schema)(value) };
}

/** RFC 9110 §13.1.1: one strong tag of ours; `*` is whatever there is. */
function readTag({ match }: AnyOperation, { headers }: HttpRequest): string | undefined {
  const tag = headers['if-match'];
  if (tag === undefined) {
    if (match === 'required') throw new AdminRefusal('precondition_required', 'If-Match is needed, with the ETag of what you have read');
    return undefined;
  }
  if (tag === '*') return undefined;
  if (typeof tag === 'string' && /^"[\w-]{1,64}"$/.test(tag)) return tag;
  throw new AdminRefusal('invalid_request', 'If-Match is not one strong ETag', {
    errors: [{ pointer: 'header/If-Match', detail: 'is not one strong ETag' }],
  });
}

function readKey({ once }: AnyOperation, { headers }: HttpRequest): string | undefined {
  const key = once === true ? headers['idempotency-key'] : undefined;
  if (key === undefined || (typeof key === 'string' && /^[!-~]{1,64}$/.test(key))) return key;
  const detail = 'is not 1 to 64 visible ASCII characters';
  throw new AdminRefusal('invalid_request', `Idempotency-Key ${detail}`, { errors: [{ pointer: 'header/Idempotency-Key', detail }] });
}
