import { BlockList, isIP } from 'node:net';

/** A range of addresses; a single one has the longest prefix. */
export interface PeerNetwork {
  readonly address: string;
  readonly prefixLength: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** Addresses whose verdict is remembered. */
const MAX_KEPT = 10_000;

/** Whether an address is one of our proxies'. Without networks nobody's is. */
export function trustedPeers(networks: readonly PeerNetwork[]): (address: string) => boolean {
  if (networks.length === 0) return () => false;
  const list = new BlockList();
  for (const { address, prefixLength, family } of networks) list.addSubnet(address, prefixLength, family);
  const kept = new Map<string, boolean>();
  return (address) => {
    const known = kept.get(address);
    if (known !== undefined) return known;
    const family = isIP(address);
    const isTrusted = family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(address, isTrusted);
    return isTrusted;
  };
}
