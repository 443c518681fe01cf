/** The primes up to 167: the generator of the weak keys is a power residue modulo all of them. */
const PRIMES: readonly number[] = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139,
  149, 151, 157, 163, 167,
];

/** For each prime the powers of 65537, where they are not all there is: the rest tells nothing. */
const POWERS: readonly (readonly [number, ReadonlySet<number>])[] = PRIMES.map(
  (prime) => [prime, powersOf(65_537 % prime, prime)] as const,
).filter(([prime, powers]) => powers.size < prime - 1);

/**
 * Whether an RSA modulus was made by the library whose keys can be factored (CVE-2017-15361, "ROCA"): its primes are all of one form. One
 * in some hundred million honest ones looks like that, too.
 *
 * @param modulus big-endian bytes
 */
export function isRocaModulus(modulus: Uint8Array): boolean {
  return POWERS.every(([prime, powers]) => powers.has(modulus.reduce((rest, byte) => (rest * 256 + byte) % prime, 0)));
}

function powersOf(base: number, prime: number): ReadonlySet<number> {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * base) % prime) powers.add(power);
  return powers;
}
