import assert from 'node:assert/strict';

/** The bits that RFC 6749 §10.10 asks for, in the suite's own estimate, which is a little low. */
const BITS = 96;
const MIN_LENGTH = 22;

/** Long enough, and with enough different characters, to be of 128 random bits. */
export function assertUnguessable(text: string, what: string): void {
  assert.ok(text.length >= MIN_LENGTH, `${what} has ${text.length} characters`);
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let perCharacter = 0;
  for (const count of counts.values()) perCharacter -= (count / text.length) * Math.log2(count / text.length);
  assert.ok(perCharacter * text.length >= BITS, `${what} has too few bits: ${text}`);
}
