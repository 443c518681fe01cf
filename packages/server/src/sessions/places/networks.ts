import { isIPv4, isIPv6 } from 'node:net';
import { readNetwork } from '../../config/network.ts';
import { Refused } from '../../config/shape.ts';
import { type PlaceSource, readPlace } from './place-source.ts';

/** Lines of a file that are read. */
export const MAX_LINES: number = 2_000_000;

/**
 * Networks and their places, one a line: `203.0.113.0/24,Zürich`. What is no such line (a heading, a comment) is left out. Found by the narrowest network that
 * an address is in: at most one look-up for each length of prefix that the file has.
 */
export function networkPlaces(csv: string): PlaceSource {
  const tables = { ipv4: new Map<number, Map<string, string>>(), ipv6: new Map<number, Map<string, string>>() };
  let lines = 0;
  for (const [line] of csv.matchAll(/[^\r\n]+/g)) {
    lines += 1;
    if (lines > MAX_LINES) break;
    const comma = line.indexOf(',');
    const network = comma < 0 ? undefined : readNetwork(unquoted(line.slice(0, comma)));
    const place = readPlace(unquoted(line.slice(comma + 1)));
    if (network === undefined || network instanceof Refused || place === undefined) continue;
    const table = tables[network.family];
    const bits = bitsOf(network.address);
    const known = table.get(network.prefixLength) ?? new Map<string, string>();
    table.set(network.prefixLength, known);
    if (bits !== undefined) known.set(prefixOf(bits, network.prefixLength), place);
  }
  const sorted = { ipv4: narrowestFirst(tables.ipv4), ipv6: narrowestFirst(tables.ipv6) };
  return ({ address }) => {
    const bits = bitsOf(address);
    if (bits === undefined) return undefined;
    for (const [length, known] of isIPv4(address) ? sorted.ipv4 : sorted.ipv6) {
      const place = known.get(prefixOf(bits, length));
      if (place !== undefined) return place;
    }
    return undefined;
  };
}

function narrowestFirst(
  table: ReadonlyMap<number, ReadonlyMap<string, string>>,
): readonly (readonly [number, ReadonlyMap<string, string>])[] {
  return [...table].toSorted(([one], [other]) => other - one);
}

function unquoted(text: string): string {
  const plain = text.trim();
  return plain.startsWith('"') && plain.endsWith('"') && plain.length > 1 ? plain.slice(1, -1) : plain;
}

/** The first `length` bits, as a key. */
function prefixOf(bits: bigint, length: number): string {
  // A one before them, so that zeros count.
  return ((bits | (1n << 128n)) >> BigInt(128 - length)).toString(36);
}

/** An address from its first bit on, filled up to 128. */
function bitsOf(address: string): bigint | undefined {
  if (isIPv4(address)) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n) << 96n;
  if (!isIPv6(address) || address.includes('%')) return undefined;
  // The URL standard writes each address in one way, with at most one gap.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::', 2);
  const [before, after] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const gap = Array.from({ length: 8 - (before?.length ?? 0) - (after?.length ?? 0) }, () => '0');
  return [...(before ?? []), ...(tail === undefined ? [] : gap), ...(after ?? [])].reduce(
    (sum, part) => (sum << 16n) | BigInt(`0x${part}`),
    0n,
  );
}
