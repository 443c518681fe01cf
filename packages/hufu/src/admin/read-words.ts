import { readFileSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import type { AnyOperation } from '@hufu/protocol/admin/operation';
import { previews } from '@hufu/protocol/admin/operation';
import type { JsonSchema } from '@hufu/protocol/admin/shape';
import { DURATION_FORMS, readDuration } from '@hufu/protocol/duration';
import { UsageError } from '../command.ts';

/** The words of a command of the admin API. */
export interface AdminWords {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** Members that were named; undefined where there are none. */
  readonly fields: Readonly<Record<string, unknown>> | undefined;
  /** `--body`: the whole of it, in place of `fields`. */
  readonly body: unknown;
  readonly unset: readonly string[];
  readonly json: boolean;
  readonly all: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly issuer: string | undefined;
  readonly ifMatch: string | undefined;
  readonly idempotencyKey: string | undefined;
}

/** Where texts come from that are not among the words. */
export interface Sources {
  /** Milliseconds since 1970. */
  nowMs(): number;
  readonly stdin: AsyncIterable<Uint8Array>;
}

const FLAGS = ['json', 'all', 'yes', 'dry-run'] as const;
/** Members that nobody else on the machine may read: they come by `--password-stdin`, `--token-stdin`. */
const SECRETS = ['password', 'token'] as const;
const TEXTS = ['issuer', 'body', 'file', 'unset', 'if-match', 'idempotency-key'] as const;
const MAX_BYTES = 1_048_576;
/** Other words for the members of the API: as commands on the store have them. */
const ALIASES: Readonly<Record<string, string>> = { client: 'client_id', for: 'seconds', user: 'sub' };
/** Members of client metadata that are lists, also of one (RFC 7591 §2, OpenID Connect Registration §2). */
const LISTS = /(?:_uris|_types|^contacts|_values|^authorization_details_types)$/;

/**
 * Reads the words of an operation: parameters of its path in their order, then members of its body that have to be there; filters and members by `--name value`. Throws
 * `UsageError` for anything else.
 */
export async function readAdminWords(operation: AnyOperation, args: readonly string[], sources: Sources): Promise<AdminWords> {
  const reader = new WordReader(operation, sources.nowMs());
  const { positionals, options } = split(args, operation);
  for (const [name, value] of options) reader.option(name, value);
  for (const word of positionals) reader.positional(word);
  return reader.finish(sources.stdin);
}

/** The options of an operation by their names on the command line. */
export function optionNames(operation: AnyOperation): readonly string[] {
  const names = [...Object.keys(propertiesOf(operation.query)), ...Object.keys(propertiesOf(operation.body))];
  const free = freeMember(operation);
  return [
    ...names.filter((name) => name !== 'dry_run' && name !== 'cursor' && name !== free && !isSecret(name)),
    ...('cursor' in propertiesOf(operation.query) ? ['cursor', 'all'] : []),
    ...(operation.body === undefined ? [] : ['body']),
    ...SECRETS.filter((name) => name in propertiesOf(operation.body)).map(stdinOption),
    ...(free === undefined ? [] : ['unset'].filter(() => operation.match === 'required')),
    ...(operation.effect === 'dangerous' ? ['yes'] : []),
    ...(previews(operation) ? ['dry-run'] : []),
    ...(operation.match === undefined ? [] : ['if-match']),
    ...(operation.once === true ? ['idempotency-key'] : []),
    'issuer',
    'json',
  ].map((name) => name.replaceAll('_', '-'));
}

/** The member of a body that anything may stand in: metadata, claims; '' for a body that is one itself. */
export function freeMember({ body }: AnyOperation): string | undefined {
  if (body === undefined) return undefined;
  if (isFree(body)) return '';
  return Object.entries(propertiesOf(body)).find(([, schema]) => isFree(schema))?.[0];
}

/** Whether a member is a secret, which no command line holds. */
export function isSecret(member: string): boolean {
  return isOneOf(SECRETS, member);
}

/** The option by which a secret comes in. */
export function stdinOption(member: string): string {
  return `${member}-stdin`;
}

export function propertiesOf(schema: JsonSchema | undefined): Readonly<Record<string, JsonSchema>> {
  return Object(schema?.['properties']);
}

function readableByOthers(secret: string): UsageError {
  return new UsageError(`a ${secret} on the command line can be read by others on this machine: --${stdinOption(secret)}`);
}

class WordReader {
  readonly #operation: AnyOperation;
  readonly #now: number;
  readonly #params: Record<string, string> = {};
  readonly #query: Record<string, unknown> = {};
  readonly #fields: Record<string, unknown> = {};
  readonly #texts: Record<string, string> = {};
  readonly #flags = new Set<string>();
  readonly #unset: string[] = [];

  constructor(operation: AnyOperation, nowMs: number) {
    this.#operation = operation;
    this.#now = Math.floor(nowMs / 1000);
  }

  positional(word: string): void {
    const free = freeMember(this.#operation);
    const param = Object.keys(this.#operation.params).find((name) => !(name in this.#params));
    const member = /^([A-Za-z_][\w.#:-]*?)(:?=)([\s\S]*)$/.exec(word);
    if (param !== undefined) this.#params[param] = word;
    else if (free !== undefined && free !== '' && member !== null) {
      const [, name = '', sign, value = ''] = member;
      this.#free(free, name, sign === ':=' ? readJson(value, name) : freeValue(free, name, value));
    } else if (free === '' && this.#texts['body'] === undefined) this.#texts['body'] = word;
    else this.#required(word);
  }

  option(name: string, value: string | boolean): void {
    const { query, body, params } = this.#operation;
    const secret = SECRETS.find((one) => stdinOption(one) === name && one in propertiesOf(body));
    if ((isOneOf(FLAGS, name) || secret !== undefined) && value === true) this.#flags.add(name);
    else if (name === 'unset' && typeof value === 'string') this.#unset.push(value.replaceAll('-', '_'));
    else if (isOneOf(TEXTS, name) && typeof value === 'string')
      this.#texts[name === 'file' ? 'body' : name] = name === 'file' ? `@${value}` : value;
    else {
      const member = [name.replaceAll('-', '_'), ALIASES[name] ?? ''].find(
        (one) => one in propertiesOf(query) || one in propertiesOf(body) || one in params,
      );
      const free = freeMember(this.#operation);
      if (member !== undefined && isSecret(member)) throw readableByOthers(member);
      if (member !== undefined && member in propertiesOf(query))
        this.#query[member] = typedValue(propertiesOf(query)[member], name, value, this.#now);
      else if (member !== undefined && member in params) this.#params[member] = String(value);
      else if (member !== undefined && member !== free)
        this.#fields[member] = joined(this.#fields[member], typedValue(propertiesOf(body)[member], name, value, this.#now));
      else if (member !== undefined) this.#fields[member] = readJson(String(value), name);
      else if (free !== undefined && free !== '') this.#free(free, memberName(name), freeValue(free, name, value));
      else
        throw new UsageError(
          `--${name.slice(0, 60)} is unknown here: there is ${optionNames(this.#operation)
            .map((one) => `--${one}`)
            .join(', ')}`,
        );
    }
  }

  async finish(stdin: AsyncIterable<Uint8Array>): Promise<AdminWords> {
    for (const param of Object.keys(this.#operation.params))
      if (!(param in this.#params)) throw new UsageError(`${PARAMETERS[param] ?? param} is needed`);
    const text = this.#texts['body'];
    const hasFields = Object.keys(this.#fields).length > 0 || this.#unset.length > 0;
    if (text !== undefined && (hasFields || this.#operation.body === undefined))
      throw new UsageError('--body stands alone, for operations that take one');
    for (const secret of SECRETS)
      if (this.#flags.has(stdinOption(secret))) this.#fields[secret] = (await readBounded(stdin)).replace(/\r?\n$/, '');
    const body = text === undefined ? undefined : readJson(await readSource(text, stdin), 'body');
    const shown =
      text === undefined || text === '-' || text.startsWith('@') ? undefined : SECRETS.find((one) => Object.hasOwn(Object(body), one));
    if (shown !== undefined) throw readableByOthers(shown);
    return {
      params: this.#params,
      query: this.#query,
      fields: Object.keys(this.#fields).length === 0 ? undefined : this.#fields,
      body,
      unset: this.#unset,
      json: this.#flags.has('json'),
      all: this.#flags.has('all'),
      yes: this.#flags.has('yes'),
      dryRun: this.#flags.has('dry-run'),
      issuer: this.#texts['issuer']?.replace(/\/$/, ''),
      ifMatch: this.#texts['if-match'],
      idempotencyKey: this.#texts['idempotency-key'],
    };
  }

  /** A word that no option names: the next member that has to be there. */
  #required(word: string): void {
    const required: unknown = this.#operation.body?.['required'];
    const free = freeMember(this.#operation);
    const name = (Array.isArray(required) ? required : []).map(String).find((one) => one !== free && !(one in this.#fields));
    if (name === undefined) throw new UsageError(`${word.slice(0, 60)} is one word too many`);
    if (isSecret(name)) throw readableByOthers(name);
    this.#fields[name] = typedValue(propertiesOf(this.#operation.body)[name], name, word, this.#now);
  }

  #free(member: string, path: string, value: unknown): void {
    if (isSecret(path)) throw readableByOthers(path);
    const steps = path.split('.');
    const last = steps.pop() ?? '';
    if (last === '' || [...steps, last].some((step) => step === '__proto__'))
      throw new UsageError(`${path.slice(0, 60)} is no name of a member`);
    let at = (this.#fields[member] ??= {});
    for (const step of steps) at = own(at)[step] ??= {};
    const before = own(at)[last];
    own(at)[last] = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
  }
}

const PARAMETERS: Readonly<Record<string, string>> = {
  client_id: 'a client id',
  sub: 'a user (a name, or sub:SUBJECT)',
  grant_id: 'a grant id, as 8741-310299',
  kid: 'a kid (hufu key list)',
  seq: 'the number of an entry (hufu revocation list)',
  decision_id: 'a decision id',
  name: 'the name of a limit',
  sid: 'a sid (hufu session list)',
  device_id: 'a device (hufu device list)',
  secret_id: 'the id of a secret (hufu client show)',
  webhook_id: 'the id of a webhook (hufu webhook list)',
};

function split(
  args: readonly string[],
  operation: AnyOperation,
): { readonly positionals: readonly string[]; readonly options: readonly (readonly [string, string | boolean])[] } {
  const positionals: string[] = [];
  const options: (readonly [string, string | boolean])[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i] ?? '';
    if (word === '--') {
      positionals.push(...args.slice(i + 1));
      break;
    }
    // A thumbprint may begin with a hyphen, and is no option then.
    const option = /^--(no-)?([A-Za-z][\w.#:-]*)(?:=([\s\S]*))?$/.exec(word);
    if (option === null) {
      if (/^-[A-Za-z]$/.test(word)) throw new UsageError(`${word} is unknown: options have two hyphens`);
      positionals.push(word);
      continue;
    }
    const [, no, name = '', value] = option;
    const schema = propertiesOf(operation.query)[name.replaceAll('-', '_')] ?? propertiesOf(operation.body)[name.replaceAll('-', '_')];
    const isFlag = isOneOf(FLAGS, name) || SECRETS.some((one) => stdinOption(one) === name) || schema?.['type'] === 'boolean';
    if (value !== undefined) options.push([name, value]);
    else if (no !== undefined) options.push([name, false]);
    else if (isFlag) options.push([name, true]);
    else {
      const next = args[++i];
      if (next === undefined) throw new UsageError(`--${name.slice(0, 60)} needs a value`);
      options.push([name, next]);
    }
  }
  return { positionals, options };
}

function typedValue(schema: JsonSchema | undefined, name: string, value: string | boolean, now: number): unknown {
  const type = schema?.['type'];
  if (type === 'boolean') {
    if (value === true || value === 'true') return true;
    if (value === false || value === 'false') return false;
    throw new UsageError(`--${name} is true or false`);
  }
  const text = String(value);
  const words = schema?.['enum'];
  if (Array.isArray(words) && !words.includes(text)) throw new UsageError(`--${name} is one of ${words.join(', ')}`);
  if (type === 'array') return text.split(',');
  if (type !== 'integer') return text;
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  const duration = readDuration(text);
  if (!String(schema?.['description']).includes('since 1970')) {
    if (duration === undefined) throw new UsageError(`--${name} is a number, or ${DURATION_FORMS}`);
    return duration;
  }
  const moment = duration === undefined ? Math.floor(Date.parse(text) / 1000) : now - duration;
  if (Number.isNaN(moment)) throw new UsageError(`--${name} is a time as 2026-01-31T12:00:00Z, or so long ago as 12h`);
  return moment;
}

/** A list is what its option was given each time. */
function joined(before: unknown, value: unknown): unknown {
  return Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
}

/** `--redirect-uris` is `redirect_uris`; a language is what it is (`client_name#zh-CN`). */
function memberName(option: string): string {
  const [name = '', ...language] = option.split('#');
  return [name.replaceAll('-', '_'), ...language].join('#');
}

/** A value of metadata or claims: JSON where it looks like it, a list where the member is one. */
function freeValue(member: string, name: string, value: string | boolean): unknown {
  if (typeof value === 'boolean' || value === 'true' || value === 'false') return value === true || value === 'true';
  if (/^[[{"]/.test(value)) return readJson(value, name);
  const path = name.replaceAll('-', '_');
  if (member === 'metadata' && (path === 'default_max_age' || path.startsWith('hufu.')) && /^[0-9]{1,10}$/.test(value))
    return Number(value);
  return member === 'metadata' && LISTS.test(path) ? [value] : value;
}

function readJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${name} is not JSON`);
  }
}

async function readSource(text: string, stdin: AsyncIterable<Uint8Array>): Promise<string> {
  if (text === '-') return readBounded(stdin);
  if (!text.startsWith('@')) return text;
  try {
    return readFileSync(text.slice(1), 'utf8');
  } catch {
    throw new UsageError(`${text.slice(1)} cannot be read`);
  }
}

async function readBounded(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  let left = MAX_BYTES;
  return readAll(
    (async function* () {
      for await (const chunk of stdin) {
        left -= chunk.length;
        if (left < 0) throw new UsageError(`more than ${MAX_BYTES} bytes came in`);
        yield chunk;
      }
    })(),
  );
}

function isFree(schema: JsonSchema): boolean {
  return schema['type'] === 'object' && schema['additionalProperties'] === true;
}

function isOneOf(names: readonly string[], name: string): boolean {
  return names.includes(name);
}

function own(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UsageError('a member of what is no object');
  return Object(value);
}
