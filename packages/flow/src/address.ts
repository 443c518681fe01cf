/**
 * What an address counts as: an IPv4 address by itself, also where it is mapped into IPv6 (`::ffff:0:0/96`), behind NAT64 (`64:ff9b::/96`) or
 * 6to4 (`2002::/16`); an IPv6 address by its /64, which is what one subscriber has at least. All spellings of an address count as one, and
 * whatever cannot be read counts as one, too.
 */
export function countedAddress(text: string | undefined): string {
  if (text === undefined) return UNREADABLE;
  if (isIpv4(text)) return text;
  const groups = readIpv6(text);
  if (groups === undefined) return UNREADABLE;
  const embedded = embeddedIpv4(groups);
  return embedded ?? groups.slice(0, 4).map(hexOf).join(':');
}

/** What no address is. */
const UNREADABLE = '?';

/**
 * The 16 bytes of an address, as eight groups; IPv4 is mapped. A zone is dropped.
 * @returns undefined where it cannot be read
 */
export function readAddress(text: string): readonly number[] | undefined {
  if (!isIpv4(text)) return readIpv6(text);
  return [0, 0, 0, 0, 0, 0xffff, ...groupsOfIpv4(text)];
}

/** Four decimal numbers, without zeros in front of them, which some read as octal. */
function isIpv4(text: string): boolean {
  if (text.length < 7 || text.length > 15) return false;
  let [dots, value, digits] = [0, 0, 0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (digits === 0 || ++dots > 3) return false;
      value = digits = 0;
      continue;
    }
    const digit = code - ZERO;
    if (digit < 0 || digit > 9 || (digits > 0 && value === 0)) return false;
    value = value * 10 + digit;
    if (value > 255) return false;
    digits++;
  }
  return dots === 3 && digits > 0;
}

const DOT = 0x2e;
const ZERO = 0x30;
/** Longest text of an IPv6 address, without its zone. */
const MAX_LENGTH = 45;

/** RFC 4291 §2.2. */
function readIpv6(text: string): readonly number[] | undefined {
  const zone = text.indexOf('%');
  const bare = zone < 0 ? text : text.slice(0, zone);
  if (bare.length > MAX_LENGTH) return undefined;
  const [front = '', back, ...more] = bare.split('::');
  if (more.length > 0) return undefined;
  const before = readGroups(front, back === undefined);
  const after = back === undefined ? [] : readGroups(back, true);
  if (before === undefined || after === undefined) return undefined;
  const missing = 8 - before.length - after.length;
  if (back === undefined ? missing !== 0 : missing < 1) return undefined;
  return [...before, ...Array.from({ length: missing }, () => 0), ...after];
}

/** @param mayEnd whether the last of them may be an IPv4 address */
function readGroups(text: string, mayEnd: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (mayEnd && index === parts.length - 1 && isIpv4(part)) groups.push(...groupsOfIpv4(part));
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

function groupsOfIpv4(text: string): readonly [number, number] {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}

function embeddedIpv4(groups: readonly number[]): string | undefined {
  const [first, second = 0, third = 0, , , sixth, seventh = 0, last = 0] = groups;
  if (first === 0x2002) return ipv4Of(second, third);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && sixth === 0xffff;
  const isNat64 = first === 0x64 && second === 0xff9b && groups.slice(2, 6).every((group) => group === 0);
  return isMapped || isNat64 ? ipv4Of(seventh, last) : undefined;
}

function ipv4Of(high: number, low: number): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function hexOf(group: number): string {
  return group.toString(16);
}
