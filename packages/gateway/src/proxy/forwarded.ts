import { isIP } from 'node:net';

/** Where a request comes from, as far as it is known. */
export interface Origin {
  /** The client's address: the peer's, or what proxies that are trusted told. */
  readonly address: string;
  /** How the client reached the first proxy that is trusted, or us. */
  readonly scheme: 'http' | 'https';
}

const MAX_FORWARDED = 2_048;

/**
 * Reads `X-Forwarded-For` from the right, and `X-Forwarded-Proto`, of a peer that is trusted; from anybody else both mean nothing. What is sent
 * on is written anew from this.
 *
 * @param peer the other end of the connection, and whether that is encrypted.
 * @param isTrusted whether an address is one of our proxies'.
 */
export function readOrigin(
  rawHeaders: readonly string[],
  peer: { readonly address: string; readonly isEncrypted: boolean },
  isTrusted: (address: string) => boolean,
): Origin {
  const direct = plainAddress(peer.address);
  const scheme = peer.isEncrypted ? 'https' : 'http';
  if (!isTrusted(direct)) return { address: direct, scheme };
  const told = valueOf(rawHeaders, 'x-forwarded-proto').toLowerCase();
  return {
    address: clientAddress(direct, valueOf(rawHeaders, 'x-forwarded-for'), isTrusted),
    scheme: told === 'https' || told === 'http' ? told : scheme,
  };
}

/** Names and values in turn of what an upstream is told of where a request comes from (RFC 7239 §4). */
export function forwardedHeaders({ address, scheme }: Origin, host: string): readonly string[] {
  const node = address === '' ? 'unknown' : address.includes(':') ? `"[${address}]"` : address;
  return [
    'x-forwarded-for',
    address,
    'x-forwarded-proto',
    scheme,
    'x-forwarded-host',
    host,
    'forwarded',
    `for=${node};proto=${scheme};host="${host}"`,
  ];
}

function clientAddress(direct: string, forwarded: string, isTrusted: (address: string) => boolean): string {
  if (forwarded === '' || forwarded.length > MAX_FORWARDED) return direct;
  const hops = forwarded.split(',').map((hop) => plainAddress(withoutPort(hop.trim())));
  for (let i = hops.length - 1; i >= 0; i--) {
    const hop = hops[i] ?? '';
    if (isIP(hop) === 0) return direct;
    if (i === 0 || !isTrusted(hop)) return hop;
  }
  return direct;
}

/** All values of a header, joined as a list. */
function valueOf(rawHeaders: readonly string[], name: string): string {
  let joined = '';
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const there = rawHeaders[i] ?? '';
    if (there.length === name.length && there.toLowerCase() === name) joined += (joined === '' ? '' : ',') + (rawHeaders[i + 1] ?? '');
  }
  return joined;
}

/** Some proxies write a port as well. */
function withoutPort(hop: string): string {
  return /^\[([0-9a-fA-F:.]+)\](?::\d{1,5})?$/.exec(hop)?.[1] ?? /^([0-9.]+):\d{1,5}$/.exec(hop)?.[1] ?? hop;
}

/** An IPv4 address that arrived on an IPv6 socket is that IPv4 address. */
export function plainAddress(address = ''): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
