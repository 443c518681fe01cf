import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, isIPv6, type LookupFunction } from 'node:net';
import type { AllowedHost } from '../config/config.ts';
import { OutboundRefused } from './outbound-refused.ts';
import { isPrivateAddress } from './private-address.ts';

/** An address that somebody else chose and that may be called, with the look-up that its connection has to use. */
export interface Guarded {
  readonly url: URL;
  readonly lookup: LookupFunction;
}

/**
 * Reads the address once, as browsers do, and judges what was read: https (http for exempt hosts alone), no user information, a port that
 * web servers have, and no private address, which for a name is left to the look-up. Throws `OutboundRefused`.
 *
 * @param allow `policies.outbound.allow_hosts`
 */
export function guard(text: string, allow: readonly AllowedHost[]): Guarded {
  const url = URL.parse(text);
  if (url === null) throw new OutboundRefused('not a URL');
  const hostname = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const isAddress = isIP(hostname) !== 0;
  const exempt = isAllowedName(hostname, allow) || (isAddress && isAllowedAddress(hostname, allow));
  if (url.username !== '' || url.password !== '') throw new OutboundRefused('a URL with credentials');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && exempt)) throw new OutboundRefused(`scheme ${url.protocol}`);
  if (!exempt && url.port !== '' && !isWebPort(Number(url.port))) throw new OutboundRefused(`port ${url.port}`);
  if (isAddress && !mayReach(hostname, exempt, allow)) throw new OutboundRefused('a private address');
  return { url, lookup: guardedLookup(exempt, allow) };
}

/**
 * Above the system's ports (RFC 6335 §6) those of databases, queues and control planes, which understand enough of an HTTP request to be
 * hurt by one (attacks SSR-06).
 */
const SERVICE_PORTS: ReadonlySet<number> = new Set([
  1080, 1099, 1433, 1521, 1883, 2049, 2181, 2375, 2376, 2379, 2380, 3128, 3306, 3389, 4222, 4369, 5060, 5061, 5432, 5433, 5671, 5672, 5900,
  5984, 5985, 5986, 6000, 6379, 6380, 6432, 6443, 7000, 7001, 7199, 7687, 8086, 8500, 9000, 9042, 9090, 9092, 9200, 9300, 10_250, 10_255,
  11_211, 15_672, 26_257, 26_379, 27_017, 27_018, 50_070, 61_616,
]);

function isWebPort(port: number): boolean {
  return port >= 1024 && !SERVICE_PORTS.has(port);
}

/** Every address that the name has must be one that may be reached; the connection then goes to one of those very addresses. */
function guardedLookup(exempt: boolean, allow: readonly AllowedHost[]): LookupFunction {
  return (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
      const fault = error ?? findAddressFault(addresses, exempt, allow);
      const [first] = addresses ?? [];
      if (fault !== undefined || first === undefined) callback(fault ?? null, '', 4);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** One private address among those of a name is enough: whoever answers for the name chooses which of them is called. */
export function findAddressFault(
  addresses: readonly Pick<LookupAddress, 'address'>[],
  exempt: boolean,
  allow: readonly AllowedHost[],
): OutboundRefused | undefined {
  if (addresses.length === 0) return new OutboundRefused('a name without an address');
  const all = addresses.every(({ address }) => mayReach(address, exempt, allow));
  return all ? undefined : new OutboundRefused('a name with a private address');
}

function mayReach(address: string, exemptName: boolean, allow: readonly AllowedHost[]): boolean {
  return exemptName || !isPrivateAddress(address) || isAllowedAddress(address, allow);
}

function isAllowedAddress(address: string, allow: readonly AllowedHost[]): boolean {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  return allow.some((entry) => {
    if (entry.kind !== 'network') return false;
    const list = new BlockList();
    list.addSubnet(entry.network.address, entry.network.prefixLength, entry.network.family);
    return list.check(address, family);
  });
}

function isAllowedName(hostname: string, allow: readonly AllowedHost[]): boolean {
  return allow.some((entry) => entry.kind === 'host' && entry.host === hostname);
}
