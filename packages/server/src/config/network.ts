import { isIPv4, isIPv6 } from 'node:net';
import type { AllowedHost, Network } from './config.ts';
import { isHostname } from './listen.ts';
import { Refused } from './shape.ts';

/** Reads a CIDR (`10.0.0.0/8`, `fd00::/8`) or a single address. */
export function readNetwork(text: string): Network | Refused {
  const [address = '', prefix, more] = text.split('/', 3);
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) && !address.includes('%') ? 'ipv6' : undefined;
  if (family === undefined || more !== undefined) return new Refused('must be a network or an address');
  const longest = family === 'ipv4' ? 32 : 128;
  if (prefix === undefined) return { address, prefixLength: longest, family };
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > longest) return new Refused(`must have a prefix length of 0 to ${longest}`);
  return { address, prefixLength: Number(prefix), family };
}

/** Reads a host name or a network. */
export function readAllowedHost(text: string): AllowedHost | Refused {
  if (isHostname(text)) return { kind: 'host', host: text.toLowerCase() };
  const network = readNetwork(text.replace(/^\[(.*)\]$/, '$1'));
  return network instanceof Refused
    ? new Refused('must be a host name (without scheme and port), a network or an address')
    : { kind: 'network', network };
}
