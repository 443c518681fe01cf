import type { Context } from './context.ts';
import type { HttpReply, HttpRequest } from './http.ts';

/** For replies that are no pages (those bring their own): nothing in them is a document, nobody frames them, and only scripts that CORS lets read them. */
const SECURITY = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

/** Names and values in turn: what Node writes fastest. */
type HeaderLine = string | readonly string[];

type KnownLines = WeakMap<HttpReply['headers'], readonly HeaderLine[]>;
const known: Readonly<Record<'secure' | 'plain', Readonly<Record<'open' | 'closed', KnownLines>>>> = {
  secure: { open: new WeakMap(), closed: new WeakMap() },
  plain: { open: new WeakMap(), closed: new WeakMap() },
};

/** A reply's headers with those that every reply has. Those that are frozen are the same each time, and gathered once. */
export function linesOf(ctx: Context, headers: HttpReply['headers'], open: boolean): readonly HeaderLine[] {
  const secure = ctx.issuer.startsWith('https:');
  const gathered = known[secure ? 'secure' : 'plain'][open ? 'open' : 'closed'];
  const there = gathered.get(headers);
  if (there !== undefined) return there;
  const all: HttpReply['headers'] = secure ? { ...SECURITY, ...STRICT_TRANSPORT, ...headers } : { ...SECURITY, ...headers };
  const lines: HeaderLine[] = [];
  for (const name in all) lines.push(name, all[name] ?? '');
  if (open) lines.push('access-control-allow-origin', '*');
  if (Object.isFrozen(headers)) gathered.set(headers, lines);
  return lines;
}

const STRICT_TRANSPORT = { 'strict-transport-security': 'max-age=31536000' } as const;

/** What lets scripts on the origins of a client read a reply (Fetch §3.2). */
export function allowOrigin(
  origins: readonly string[] | undefined,
  http: HttpRequest,
  headers: HttpReply['headers'],
): readonly HeaderLine[] {
  const origin = http.headers['origin'];
  if (origin === undefined) return [];
  if (typeof origin !== 'string' || origins?.includes(origin) !== true) return ['vary', 'Origin'];
  const more = headers['ratelimit-policy'] === undefined ? '' : ', RateLimit, RateLimit-Policy';
  const exposed = `WWW-Authenticate, DPoP-Nonce, Hufu-Decision, Retry-After${more}`;
  return ['vary', 'Origin', 'access-control-allow-origin', origin, 'access-control-expose-headers', exposed];
}
