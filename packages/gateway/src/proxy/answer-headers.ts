import type { IncomingHttpHeaders } from 'node:http';
import type { CookieCut } from './cookies.ts';
import { readOptions } from './strict.ts';

/** What decides which headers of an answer go out. */
export interface AnswerHeaderRules {
  readonly cookies: CookieCut;
  /** The request was somebody's: no shared cache may keep the answer (RFC 9111 §3.5). `cacheable`: the route says that they may. */
  readonly caching: 'anonymous' | 'identified' | 'cacheable';
  /** Who the request is from was read from a cookie. */
  readonly varyByCookie: boolean;
  /** The edge answers CORS itself: what an upstream says of it is taken away. */
  readonly answersCors: boolean;
  /** Names (lower case) and values in turn. */
  readonly ours: readonly string[];
}

/** An answer's headers as they go out. */
export interface AnswerHeaders {
  /** Names and values in turn, `content-length` among them. */
  readonly lines: string[];
  /** What the upstream says of the body's length. */
  readonly length: number | undefined;
}

const DROPPED = new Set([
  'connection',
  'keep-alive',
  'proxy',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  // Would sign people out of everything on this host.
  'clear-site-data',
  // Where else the service listens is no place where this host does (RFC 7838 §2).
  'alt-svc',
]);
/** Caches that look at these instead of Cache-Control (RFC 9213). */
const OTHER_CACHE_CONTROL = /^(?:surrogate-control|[a-z-]+-cache-control)$/;

/**
 * The headers of an upstream's answer that a client gets: without those of the connection inside, without Passports, without cookies of the edge.
 *
 * @param headers names in lower case, repeated ones as arrays.
 */
export function answerHeaders(headers: IncomingHttpHeaders, status: number, rules: AnswerHeaderRules): AnswerHeaders {
  const lines: string[] = [];
  const named = optionsOf(headers.connection);
  const isPrivate = rules.caching === 'identified';
  let length: number | undefined;
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || DROPPED.has(name) || named?.has(name) === true) continue;
    switch (name) {
      case 'content-length':
        // RFC 9110 §8.6: a 204 has none.
        if (status === 204 || typeof value !== 'string') continue;
        length = Number(value);
        break;
      case 'set-cookie':
        for (const line of typeof value === 'string' ? [value] : value) if (!rules.cookies.isOurs(line)) lines.push(name, line);
        continue;
      case 'cache-control':
        if (isPrivate) continue;
        break;
      default:
        if (name.startsWith('passport') || name.startsWith('x-passport') || (rules.answersCors && name.startsWith('access-control-')))
          continue;
        if (isPrivate && name.endsWith('-control') && OTHER_CACHE_CONTROL.test(name)) continue;
    }
    if (typeof value === 'string') lines.push(name, value);
    else for (const line of value) lines.push(name, line);
  }
  if (isPrivate) lines.push('cache-control', keepPrivate(headers['cache-control']));
  if (rules.varyByCookie) lines.push('vary', 'Cookie');
  for (const part of rules.ours) lines.push(part);
  return { lines, length };
}

/** What an answer's Connection names: lower case. */
function optionsOf(connection: string | string[] | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined) return undefined;
  return readOptions(typeof connection === 'string' ? connection : connection.join(), undefined);
}

/** Values that are remembered: upstreams say few. */
const MAX_KEPT = 200;
const kept = new Map<string, string>();

/** RFC 9111 §5.2.2: without what lets shared caches keep it, and with `private` unless it is said that nobody keeps it. */
function keepPrivate(sent: string | string[] | undefined): string {
  if (sent === undefined) return 'private';
  const value = typeof sent === 'string' ? sent : sent.join();
  const known = kept.get(value);
  if (known !== undefined) return known;
  const directives = value
    .split(',')
    .map((directive) => directive.trim())
    .filter((directive) => directive !== '' && !/^(?:public|s-maxage)(?:$|[\s=])/i.test(directive));
  if (!directives.some((directive) => /^(?:private|no-store)$/i.test(directive))) directives.push('private');
  const control = directives.join(', ');
  if (kept.size >= MAX_KEPT) kept.clear();
  kept.set(value, control);
  return control;
}
