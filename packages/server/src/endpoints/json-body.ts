import { OAuthError } from '@hufu/protocol/errors';
import type { HttpRequest } from '../http.ts';

const JSON_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?$/i;
/** How deep objects and lists may stand in each other: a key of a `jwks` is the third level. */
const MAX_DEPTH = 16;

/**
 * The body of a request as a JSON object (RFC 8259), in UTF-8. Throws `invalid_request` for another content type, for what is no object,
 * for names that stand twice in one object (attacks HTP-08), and for what is deeper than anything that is expected. The members are own
 * properties, whatever their names.
 */
export function requireJson(request: HttpRequest): Readonly<Record<string, unknown>> {
  const type = request.headers['content-type'];
  if (typeof type !== 'string' || !JSON_TYPE.test(type)) throw new OAuthError('invalid_request', 'the body must be application/json');
  const value = parse(request.body);
  const fault = findFault(request.body);
  if (fault !== undefined) throw new OAuthError('invalid_request', `the body ${fault}`);
  if (!isObject(value)) throw new OAuthError('invalid_request', 'the body is not a JSON object');
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new OAuthError('invalid_request', 'the body is not JSON');
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Goes through the brackets and texts of what is known to be JSON, once. (A pattern would begin anew at each quotation mark that nothing closes.) */
function findFault(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') {
      if (open.length === MAX_DEPTH) return 'is too deep';
      open.push(character === '{' ? new Set() : undefined);
    } else if (character === '}' || character === ']') open.pop();
    else if (character === '"') {
      const end = endOfText(text, at);
      if (isName(text, end + 1)) {
        const name = String(JSON.parse(text.slice(at, end + 1)));
        const names = open.at(-1);
        if (names?.has(name) === true) return 'names a member twice';
        names?.add(name);
      }
      at = end;
    }
  }
  return undefined;
}

/** Where the closing quotation mark stands. */
function endOfText(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

/** Whether the text before is the name of a member: a colon comes next (RFC 8259 §4). */
function isName(text: string, from: number): boolean {
  let at = from;
  while (at < text.length && ' \t\r\n'.includes(text[at] ?? '')) at++;
  return text[at] === ':';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
