import { hash, timingSafeEqual } from 'node:crypto';
import { API, APP, DPOP, EXCHANGER, MACHINE, WEB } from '../contract.ts';

const SECRETS: ReadonlyMap<string, Buffer> = new Map(
  [API, APP, DPOP, EXCHANGER, MACHINE, WEB].map(({ id, secret }) => [id, hash('sha256', secret, 'buffer')]),
);

/** HTTP Basic (RFC 6749 §2.3.1): the client's id, or undefined. One SHA-256 and a comparison in constant time. */
export function authenticate(authorization: string | undefined): string | undefined {
  if (authorization === undefined || !authorization.startsWith('Basic ')) return undefined;
  const pair = Buffer.from(authorization.slice(6), 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  const id = formDecode(pair.slice(0, colon));
  const expected = SECRETS.get(id);
  if (expected === undefined) return undefined;
  return timingSafeEqual(hash('sha256', formDecode(pair.slice(colon + 1)), 'buffer'), expected) ? id : undefined;
}

function formDecode(text: string): string {
  return text.includes('%') || text.includes('+') ? decodeURIComponent(text.replaceAll('+', ' ')) : text;
}
