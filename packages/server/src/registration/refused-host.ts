import { BlockList, isIP, isIPv6 } from 'node:net';
import type { AllowedHost } from '../config/config.ts';
import { isPrivateAddress } from '../outbound/private-address.ts';

/** Names that lead inside by their form alone (RFC 6761, RFC 6762, RFC 8375, ICANN's `.internal`). Where others lead shows when they are called. */
const INSIDE = /(?:^|\.)(?:local|localhost|internal|svc|home\.arpa)\.?$/;

/**
 * Whether metadata of strangers may not name this host: private addresses, names without a dot, names of the inside; unless
 * `policies.outbound.allow_hosts` has it (attacks REG-07).
 *
 * @param host lower case, IPv6 in brackets, as `WebUriRules` hands it in.
 */
export function isRefusedHost(host: string, allow: readonly AllowedHost[]): boolean {
  const name = host.replace(/^\[|\]$/g, '');
  if (allow.some((entry) => entry.kind === 'host' && entry.host === name)) return false;
  if (isIP(name) === 0) return !name.includes('.') || INSIDE.test(name);
  return isPrivateAddress(name) && !allow.some((entry) => entry.kind === 'network' && isIn(name, entry));
}

function isIn(address: string, { network }: Extract<AllowedHost, { kind: 'network' }>): boolean {
  const list = new BlockList();
  list.addSubnet(network.address, network.prefixLength, network.family);
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
