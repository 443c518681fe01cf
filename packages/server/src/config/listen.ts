import { isIPv4, isIPv6 } from 'node:net';
import { isLoopbackHost } from '@hufu/protocol/web-uri';
import type { Listen } from './config.ts';
import { Refused } from './shape.ts';

/** How `listen` may be written. */
export const LISTEN_FORMS: readonly string[] = ['host:port', '[IPv6]:port', ':port', 'port (the last two: every interface)'];

/** Reads `host:port`, `[::1]:port`, `:port` or `port`. Without a host it is every interface. */
export function readListen(value: string | number): Listen | Refused {
  const match = /^(?:(.*):)?(\d{1,5})$/.exec(String(value));
  const port = Number(match?.[2]);
  if (match === null) return new Refused('must end in a port');
  if (port > 65_535) return new Refused('must have a port of 0 to 65535');
  const host = match[1] ?? '';
  if (host === '') return { host: undefined, port };
  if (host.startsWith('[') && host.endsWith(']') && isIPv6(host.slice(1, -1))) return { host: host.slice(1, -1), port };
  if (host.includes(':')) return new Refused('must have an IPv6 address in brackets');
  if (isIPv4(host) || isHostname(host)) return { host, port };
  return new Refused('must have an address or host name before the port');
}

/** Loopback, on the port that a loopback issuer names. */
export function defaultListen(issuer: string): Listen {
  const url = new URL(issuer);
  if (!isLoopbackHost(url.hostname)) return { host: '127.0.0.1', port: 4400 };
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { host: url.hostname === '[::1]' ? '::1' : '127.0.0.1', port };
}

/** RFC 1123 §2.1; the last label is not a number, else it would be a broken IPv4 address. */
export function isHostname(text: string): boolean {
  return text.length <= 253 && /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(text);
}
