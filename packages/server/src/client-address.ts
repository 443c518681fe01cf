import { BlockList, isIP, isIPv6 } from 'node:net';
import type { Network } from './config/config.ts';
import type { HttpRequest } from './http.ts';

const lists = new WeakMap<readonly Network[], BlockList>();

/**
 * The address a request comes from: the peer's, or what the last proxy we don't trust told those we do (`X-Forwarded-For`, read from the
 * right). With no trusted proxies the header means nothing.
 */
export function clientAddress(peer: string, request: Pick<HttpRequest, 'headers'>, trusted: readonly Network[]): string {
  const direct = plain(peer);
  if (trusted.length === 0 || !isTrusted(direct, trusted)) return direct;
  const forwarded = request.headers['x-forwarded-for'];
  if (typeof forwarded !== 'string' || forwarded.length > 2_048) return direct;
  const hops = forwarded.split(',').map((hop) => plain(withoutPort(hop.trim())));
  for (let i = hops.length - 1; i >= 0; i--) {
    const hop = hops[i] ?? '';
    if (isIP(hop) === 0) return direct;
    if (!isTrusted(hop, trusted) || i === 0) return hop;
  }
  return direct;
}

/** Whether the peer itself is a proxy that the configuration trusts. */
export function isTrustedPeer(peer: string, trusted: readonly Network[]): boolean {
  return trusted.length > 0 && isTrusted(plain(peer), trusted);
}

/** Some proxies write a port as well; with it each connection would be a source of its own. */
function withoutPort(hop: string): string {
  return /^\[([0-9a-fA-F:.]+)\](?::\d{1,5})?$/.exec(hop)?.[1] ?? /^([0-9.]+):\d{1,5}$/.exec(hop)?.[1] ?? hop;
}

/** An IPv4 address that arrived on an IPv6 socket is that IPv4 address. */
function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

function isTrusted(address: string, trusted: readonly Network[]): boolean {
  let list = lists.get(trusted);
  if (list === undefined) {
    list = new BlockList();
    for (const network of trusted) list.addSubnet(network.address, network.prefixLength, network.family);
    lists.set(trusted, list);
  }
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** Whether an address is of this very machine. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^127(?:\.\d{1,3}){3}$/.test(address);
}
