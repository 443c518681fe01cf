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
  const fault = findFault(request.body);
  if (fault !== undefined) throw new OAuthError('invalid_request', `the body ${fault}`);
  const value = parse(request.body);
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

const TOKEN = /"((?:[^"\\]|\\.)*)"(?=[ \t\r\n]*(:)?)|[{}[\]]/gs;

/** Goes through the brackets and texts once, before anything is parsed. What is no JSON at all is left to the parser. */
function findFault(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (const [token, content, colon] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      if (open.length === MAX_DEPTH) return 'is too deep';
      open.push(token === '{' ? new Set() : undefined);
    } else if (token === '}' || token === ']') open.pop();
    else if (colon !== undefined && content !== undefined) {
      const names = open.at(-1);
      const name = content.includes('\\') ? String(parse(token)) : content;
      if (names?.has(name) === true) return 'names a member twice';
      names?.add(name);
    }
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
