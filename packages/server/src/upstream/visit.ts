import type { Upstream } from '../config/upstream-config.ts';
import type { Context } from '../context.ts';
import type { ForeignPerson } from './person.ts';

/** One sign-in at an upstream: what goes there, and what its answer has to fit. */
export interface Visit {
  /** 24 random characters: `state`, and `RelayState` and (behind an underscore) `ID` of SAML. */
  readonly id: string;
  readonly nonce: string;
  /** RFC 7636 §4.1. */
  readonly verifier: string;
  /** Where the answer comes to. */
  readonly callback: string;
  /** Whether somebody has to prove themselves there anew, or have done so within so many seconds. */
  readonly anew: 'no' | 'yes' | { readonly maxAgeSeconds: number };
  /** Seconds since 1970. */
  readonly now: number;
}

/** Parameters of an answer: each once, of bounded length. */
export type Answer = ReadonlyMap<string, string>;

/** How a kind of upstream is asked and heard. Both throw `UpstreamRefused`. */
export interface Protocol<Kind extends Upstream> {
  /** Where the browser goes. */
  begin(ctx: Context, upstream: Kind, visit: Visit): Promise<URL>;
  finish(ctx: Context, upstream: Kind, visit: Visit, answer: Answer): Promise<ForeignPerson>;
}
