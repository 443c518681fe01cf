/**
 * Compares two texts in a time that depends on their lengths alone. For values whose length is no secret: seals, hashes, CSRF tokens.
 */
export function equalText(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
