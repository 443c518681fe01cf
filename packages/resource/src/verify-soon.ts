import type { Sender } from './sender.ts';
import type { Soon } from './soon.ts';
import type { Verification } from './verification.ts';

/** Whoever verifies tokens. */
interface Verifying {
  verify(token: string, sender?: Sender): Promise<Verification>;
}

/** `verify`, at once where nothing has to be fetched and nobody asked. */
export type VerifySoon = (token: string, sender?: Sender) => Soon<Verification>;

/** By verifier, and not a member of it: whoever puts one of their own around a verifier is asked about each token. */
const known = new WeakMap<Verifying, VerifySoon>();

/** Makes a verifier that can be asked both ways. */
export function withVerifySoon<T extends object>(rest: T, verifySoon: VerifySoon): T & Verifying {
  const made = { ...rest, verify: async (token: string, sender?: Sender) => verifySoon(token, sender) };
  known.set(made, verifySoon);
  return made;
}

/** How a verifier verifies soonest. */
export function verifySoonOf(verifier: Verifying): VerifySoon {
  // Somebody else's may answer with a promise of another realm or library: this one is of ours.
  return known.get(verifier) ?? (async (token, sender) => verifier.verify(token, sender));
}
