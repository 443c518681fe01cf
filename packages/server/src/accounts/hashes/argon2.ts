import { type HashFormat, readBase64, readParts } from './hash.ts';

/** KiB: what one sign-in may hold. */
const MAX_MEMORY = 262_144;
const MAX_PASSES = 10;
const MAX_LANES = 4;

/** Argon2id, Argon2i and Argon2d (RFC 9106 §3.1) as PHC strings; one without a version is of the first (1.0). */
export const argon2: HashFormat = {
  name: 'Argon2',
  begins: /^\$argon2/,
  read(text) {
    const match =
      /^\$argon2(?:id|i|d)\$(?:v=(?:16|19)\$)?m=(\d{1,7}),t=(\d{1,4}),p=(\d{1,3})\$([A-Za-z0-9+/]{6,86})\$([A-Za-z0-9+/]{22,86})$/.exec(
        text,
      );
    if (match === null) return 'is not a PHC string of Argon2 ($argon2id$v=19$m=…,t=…,p=…$salt$hash)';
    const [memory = 0, passes = 0, lanes = 0] = match.slice(1, 4).map(Number);
    const isCheap = lanes <= MAX_LANES && passes <= MAX_PASSES && memory <= MAX_MEMORY;
    if (!isCheap || lanes < 1 || passes < 1 || memory < 8 * lanes)
      return `must have m of 8·p to ${MAX_MEMORY}, t of 1 to ${MAX_PASSES} and p of 1 to ${MAX_LANES}`;
    if (readParts(readBase64(match[4] ?? ''), readBase64(match[5] ?? '')) === undefined) return 'has a salt or a hash that is not one';
    return { kind: 'argon2', phc: text };
  },
};
