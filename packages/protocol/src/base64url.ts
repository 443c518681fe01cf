/**
 * base64url without padding (RFC 4648 §5, RFC 7515 §2), strict: what decodes also encodes back to the same text.
 * Written by hand because this package has no Node imports and `Uint8Array.fromBase64` is not on every supported Node.
 */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Two characters for each 12 bits: three bytes are two look-ups. */
const PAIRS: readonly string[] = Array.from({ length: 4096 }, (_, n) => ALPHABET.charAt(n >> 6) + ALPHABET.charAt(n & 63));
const VALUES = new Uint8Array(128).fill(255);
for (let i = 0; i < 64; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

/** Bytes to base64url text, no padding. */
export function encodeBase64url(bytes: Uint8Array): string {
  let text = '';
  let i = 0;
  for (; i + 2 < bytes.length; i += 3) {
    const n = (at(bytes, i) << 16) | (at(bytes, i + 1) << 8) | at(bytes, i + 2);
    text += (PAIRS[n >> 12] ?? '') + (PAIRS[n & 4095] ?? '');
  }
  const rest = bytes.length - i;
  if (rest === 1) text += PAIRS[at(bytes, i) << 4] ?? '';
  else if (rest === 2) {
    const n = (at(bytes, i) << 10) | (at(bytes, i + 1) << 2);
    text += (PAIRS[n >> 6] ?? '') + ALPHABET.charAt(n & 63);
  }
  return text;
}

/** base64url text to bytes; undefined for padding, white space, `+`, `/`, unused bits that are set, or a length that cannot be. */
export function decodeBase64url(text: string): Uint8Array | undefined {
  const rest = text.length & 3;
  if (rest === 1) return undefined;
  const bytes = new Uint8Array((text.length * 3) >> 2);
  let o = 0;
  let i = 0;
  for (; i + 3 < text.length; i += 4) {
    const a = valueAt(text, i);
    const b = valueAt(text, i + 1);
    const c = valueAt(text, i + 2);
    const d = valueAt(text, i + 3);
    if ((a | b | c | d) > 63) return undefined;
    bytes[o++] = (a << 2) | (b >> 4);
    bytes[o++] = ((b & 15) << 4) | (c >> 2);
    bytes[o++] = ((c & 3) << 6) | d;
  }
  if (rest === 0) return bytes;
  const a = valueAt(text, i);
  const b = valueAt(text, i + 1);
  const c = rest === 3 ? valueAt(text, i + 2) : 0;
  if ((a | b | c) > 63) return undefined;
  bytes[o++] = (a << 2) | (b >> 4);
  if (rest === 2) return (b & 15) === 0 ? bytes : undefined;
  bytes[o] = ((b & 15) << 4) | (c >> 2);
  return (c & 3) === 0 ? bytes : undefined;
}

function valueAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 128 ? at(VALUES, code) : 255;
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}

/** 24 bits as four characters: what fixed-width fields are written with. */
export function encode24(value: number): string {
  return (PAIRS[(value >>> 12) & 4095] ?? '') + (PAIRS[value & 4095] ?? '');
}

/** Four characters as 24 bits; NaN if one of them is outside the alphabet. */
export function decode24(text: string, start: number): number {
  const a = valueAt(text, start);
  const b = valueAt(text, start + 1);
  const c = valueAt(text, start + 2);
  const d = valueAt(text, start + 3);
  if ((a | b | c | d) > 63) return Number.NaN;
  return (a << 18) | (b << 12) | (c << 6) | d;
}

/** Whether every character from `start` on is of the alphabet. */
export function isBase64urlText(text: string, start: number): boolean {
  for (let i = start; i < text.length; i++) if (valueAt(text, i) > 63) return false;
  return true;
}
