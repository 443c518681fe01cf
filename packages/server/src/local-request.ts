import { equalText } from '@hufu/protocol/equal-text';
import { isLoopback } from './client-address.ts';

/** What proxies add to what they hand on: whoever sent it is elsewhere. */
const FORWARDED = [
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'via',
  'cf-connecting-ip',
  'true-client-ip',
];
const LOCAL_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** Sent from this machine, to this machine, by nobody on behalf of another: no page in a browser gets here under a name of its own either. */
export function isLocalRequest({
  address,
  headers,
}: {
  readonly address: string;
  readonly headers: Readonly<Record<string, unknown>>;
}): boolean {
  return isLoopback(address) && LOCAL_HOST.test(String(headers['host'])) && FORWARDED.every((name) => headers[name] === undefined);
}

/** Whether a request shows this token (RFC 6750 §2.1). */
export function showsToken(headers: Readonly<Record<string, unknown>>, token: string): boolean {
  const given = /^bearer +(\S{1,512})$/i.exec(String(headers['authorization'] ?? ''))?.[1];
  return given !== undefined && equalText(given, token);
}
