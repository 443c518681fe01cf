import { OAuthError } from './errors.ts';

/** How a body or a query is read. */
export interface FormRules {
  /** Names that may stand more than once: RFC 8707 §2 `resource`, RFC 8693 §2.1 `audience`. */
  readonly repeatable?: readonly string[];
  /** Parameters, with those that have no value; more is `invalid_request`. */
  readonly maxParameters?: number;
  /**
   * `refused` (default): a repeated parameter is `invalid_request` (RFC 6749 §3.2). `listed`: it is listed in `Form.repeated`
   * and has no value, for the authorization endpoint, which answers by redirect unless `client_id` or `redirect_uri` repeats.
   */
  readonly repetition?: 'refused' | 'listed';
  /** What becomes of a parameter that does not read: the same choice, listed in `Form.malformed` and without a value. */
  readonly malformed?: 'refused' | 'listed';
}

/** Parameters of a request. One sent without a value is as if it had not been sent (RFC 6749 §3.1). */
export class Form {
  readonly #names: readonly string[];
  readonly #values: readonly string[];
  /** Names that stand more than once though they may not; empty unless they were to be listed. */
  readonly repeated: readonly string[];
  /** Names that stand with a value that does not read, '' for a name that does not; empty unless they were to be listed. */
  readonly malformed: readonly string[];

  constructor(names: readonly string[], values: readonly string[], repeated: readonly string[], malformed: readonly string[]) {
    this.#names = names;
    this.#values = values;
    this.repeated = repeated;
    this.malformed = malformed;
  }

  /** The value of a parameter that stands exactly once and reads; undefined when it is absent, **repeated or malformed**. Never throws. */
  get(name: string): string | undefined {
    const at = this.#names.indexOf(name);
    return at < 0 || this.#names.includes(name, at + 1) || this.malformed.includes(name) ? undefined : this.#values[at];
  }

  /** Like `get`, but a repeated parameter is `invalid_request` (RFC 6749 §3.2). For names that may repeat elsewhere. */
  one(name: string): string | undefined {
    const at = this.#names.indexOf(name);
    if (at < 0) return undefined;
    if (this.#names.includes(name, at + 1)) throw repetition(name);
    return this.#values[at];
  }

  /** Every value of a parameter, in order; empty when it is absent. */
  many(name: string): readonly string[] {
    return this.#values.filter((_, at) => this.#names[at] === name);
  }

  has(name: string): boolean {
    return this.#names.includes(name);
  }

  /** Each name with each of its values, in the order in which they stand. */
  entries(): readonly (readonly [name: string, value: string])[] {
    return this.#names.map((name, at) => [name, this.#values[at] ?? '']);
  }

  /** The names present, each once, in order. */
  names(): readonly string[] {
    return [...new Set(this.#names)];
  }
}

/**
 * Reads `application/x-www-form-urlencoded` (RFC 6749 appendix B): `+` is a space, escapes are UTF-8. Values may hold any
 * character, NUL too: whoever reads a value decides what it may hold. Refuses with `invalid_request` a malformed escape,
 * invalid UTF-8 (also U+FFFD left by a decoder that replaced bytes), too many parameters, and a repeated parameter.
 */
export function readForm(text: string, rules: FormRules = {}): Form {
  return readParameters(text, rules, REPLACED);
}

/** Reads a query string without its `?`, as `readForm` does; but a URI is ASCII (RFC 3986 §2), so that raw bytes are refused. */
export function readQuery(text: string, rules: FormRules = {}): Form {
  return readParameters(text, rules, NOT_URI);
}

function readParameters(text: string, rules: FormRules, forbidden: RegExp): Form {
  const listed = rules.malformed === 'listed';
  if (!listed && forbidden.test(text)) throw malformed();
  const maxParameters = rules.maxParameters ?? MAX_PARAMETERS;
  const repeatable = rules.repeatable ?? REPEATABLE;
  const names: string[] = [];
  const values: string[] = [];
  const repeated: string[] = [];
  const unread: string[] = [];
  let parameters = 0;
  for (let start = 0; start < text.length; ) {
    let end = text.indexOf('&', start);
    if (end < 0) end = text.length;
    if (end > start && ++parameters > maxParameters) throw new OAuthError('invalid_request', 'too many parameters');
    let equals = start;
    while (equals < end && text.charCodeAt(equals) !== EQUALS) equals++;
    const name = listed ? findPart(text, start, equals, forbidden) : readPart(text, start, equals);
    const value = listed ? findPart(text, equals + 1, end, forbidden) : readPart(text, equals + 1, end);
    start = end + 1;
    if (name === undefined || value === undefined) {
      unread.push(name ?? '');
      continue;
    }
    if (value === '') continue;
    if (names.includes(name) && !repeatable.includes(name)) {
      if (rules.repetition !== 'listed') throw repetition(name);
      if (!repeated.includes(name)) repeated.push(name);
    }
    names.push(name);
    values.push(value);
  }
  return new Form(names, values, repeated, unread);
}

/**
 * Writes parameters as `application/x-www-form-urlencoded`, with `%20` for a space so that readers which only undo percent
 * escapes understand it too. A parameter without a value (undefined) is left out; a lone surrogate becomes U+FFFD.
 */
export function writeForm(parameters: Iterable<readonly [name: string, value: string | undefined]>): string {
  let text = '';
  for (const [name, value] of parameters) {
    if (value === undefined) continue;
    text += `${text === '' ? '' : '&'}${writePart(name)}=${writePart(value)}`;
  }
  return text;
}

/**
 * Undoes the form encoding of one name or value. Throws `invalid_request` on a malformed escape or invalid UTF-8.
 */
export function readFormPart(text: string): string {
  return readPart(text, 0, text.length);
}

const MAX_PARAMETERS = 64;
const REPEATABLE: readonly string[] = ['resource', 'audience'];
/** What a decoder left where bytes were no UTF-8. */
const REPLACED = /\ufffd/;
const NOT_URI = /[^\x21-\x7e]/;
/** What is written as it stands. */
const UNRESERVED = /^[A-Za-z0-9._~-]*$/;
const PLUS = 0x2b;
const PERCENT = 0x25;
const EQUALS = 0x3d;

/** Measured: a native search first, then one pass over the whole text's own characters; slices of slices cost double. */
function readPart(text: string, from: number, to: number): string {
  const part = text.slice(from, to);
  if (!part.includes('%') && !part.includes('+')) return part;
  let read = '';
  let plain = from;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code === PLUS) {
      read += `${text.slice(plain, at)} `;
    } else if (code === PERCENT) {
      // What stands behind a part, `&`, `=` or nothing, is no hexadecimal digit either.
      const byte = (readHex(text.charCodeAt(at + 1)) << 4) | readHex(text.charCodeAt(at + 2));
      if (byte < 0) throw malformed();
      if (byte > 0x7f) return readUtf8(part);
      read += text.slice(plain, at) + String.fromCharCode(byte);
      at += 2;
    } else {
      continue;
    }
    plain = at + 1;
  }
  return read + text.slice(plain, to);
}

/** As `readPart`; undefined where that throws. */
function findPart(text: string, from: number, to: number, forbidden: RegExp): string | undefined {
  if (forbidden.test(text.slice(from, to))) return undefined;
  try {
    return readPart(text, from, to);
  } catch {
    return undefined;
  }
}

/** -1 when it is no hexadecimal digit: all bits set, so that `|` keeps it negative. */
function readHex(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** `decodeURIComponent` refuses overlong forms and surrogates. */
function readUtf8(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '));
  } catch (cause) {
    throw new OAuthError('invalid_request', 'a parameter is not well-formed', { cause });
  }
}

function writePart(text: string): string {
  if (UNRESERVED.test(text)) return text;
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

function malformed(): OAuthError {
  return new OAuthError('invalid_request', 'a parameter is not well-formed');
}

/** Says the name only when it is one of the standards' own: a stranger's text is not echoed. */
function repetition(name: string): OAuthError {
  const known = NAMES.has(name) ? `the parameter ${name}` : 'a parameter';
  return new OAuthError('invalid_request', `${known} is repeated`);
}

/** The OAuth parameters of IANA's registry that a request to us can carry, and our pages' own. */
const NAMES: ReadonlySet<string> = new Set(
  (
    'access_token acr_values actor_token actor_token_type assertion audience auth_req_id authorization_details binding_message claims ' +
    'claims_locales client_assertion client_assertion_type client_id client_notification_token client_secret code code_challenge ' +
    'code_challenge_method code_verifier device_code display dpop_jkt grant_type id_token_hint login_hint login_hint_token logout_hint ' +
    'max_age nonce password post_logout_redirect_uri prompt redirect_uri refresh_token registration request request_uri ' +
    'requested_expiry requested_token_type resource response_mode response_type scope state subject_token subject_token_type token ' +
    'token_type_hint ui_locales user_code username'
  ).split(' '),
);
