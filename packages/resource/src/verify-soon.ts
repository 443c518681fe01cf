import type { Sender } from './sender.ts';
import type { Soon } from './soon.ts';
import type { Verification } from './verification.ts';

/** Whoever verifies tokens. */
interface Verifying {
  verify(token: string, sender?: Sender): Promise<Verification>;
}

/** `verify`, at once where nothing has to be fetched and nobody asked. */
export type VerifySoon = (token: string, sender?: Sender) => Soon<Verification>;

/** By its `verify`, and not a member of the verifier: whoever puts one of their own around or into a verifier is asked about each token. */
const known = new WeakMap<Verifying['verify'], VerifySoon>();

/** Makes a verifier that can be asked both ways. */
export function withVerifySoon<T extends object>(rest: T, verifySoon: VerifySoon): T & Verifying {
  const verify = async (token: string, sender?: Sender): Promise<Verification> => verifySoon(token, sender);
  known.set(verify, verifySoon);
  return { ...rest, verify };
}

/** How a verifier verifies soonest. */
export function verifySoonOf(verifier: Verifying): VerifySoon {
  const { verify } = verifier;
  const verifySoon = known.get(verify);
  // Somebody else's may answer with a promise of another realm or library: this one is of ours.
  const ask: VerifySoon = async (token, sender) => verifier.verify(token, sender);
  if (verifySoon === undefined) return ask;
  return (token, sender) => (verifier.verify === verify ? verifySoon(token, sender) : ask(token, sender));
}
