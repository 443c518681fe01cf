import { readAddress } from './address.ts';

/** Addresses that begin alike. */
export interface AddressRange {
  /** Eight groups of 16 bits. */
  readonly groups: readonly number[];
  /** Bits that count, of 128. */
  readonly bits: number;
}

/**
 * A single address, or a range such as `192.0.2.0/24` or `2001:db8::/32`.
 * @returns undefined where it is neither
 */
export function readAddressRange(text: string): AddressRange | undefined {
  const [address = '', length, ...more] = text.split('/');
  const groups = readAddress(address);
  if (groups === undefined || more.length > 0 || address.includes('%')) return undefined;
  if (length === undefined) return { groups, bits: 128 };
  const isIpv4 = !address.includes(':');
  if (!/^\d{1,3}$/.test(length) || Number(length) > (isIpv4 ? 32 : 128)) return undefined;
  return { groups, bits: Number(length) + (isIpv4 ? 96 : 0) };
}

/** Whether an address, as text, lies in one of the ranges. What cannot be read lies in none. */
export function isInRanges(text: string, ranges: readonly AddressRange[]): boolean {
  const groups = readAddress(text);
  return groups !== undefined && ranges.some((range) => isIn(groups, range));
}

function isIn(address: readonly number[], { groups, bits }: AddressRange): boolean {
  return groups.every((group, index) => {
    const dropped = Math.min(16, Math.max(0, 16 * (index + 1) - bits));
    return group >> dropped === (address[index] ?? 0) >> dropped;
  });
}
