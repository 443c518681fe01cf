import type { Context } from '../context.ts';
import { openSealed, seal } from '../interaction/sealed.ts';

/** What an answer is good for: a passkey that is made, a sign-in from nothing, one more proof in a sign-in, or one more beside a session. */
export type PasskeyPurpose = 'register' | 'sign_in' | 'second' | 'step_up';

/** What an authenticator is asked to sign (WebAuthn §13.4.3), and everything that its answer is held to. */
export interface PasskeyChallenge {
  /** 18 random bytes as base64url: what is signed, and what is taken once. */
  readonly id: string;
  readonly purpose: PasskeyPurpose;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  /** The browser that asked. */
  readonly browserId: string;
  /** The sign-in or session that it belongs to; '' for a sign-in from nothing. */
  readonly root: string;
  /** 0 where nobody is known yet. */
  readonly userId: number;
  /** The user's, as it was when the challenge was made. */
  readonly authVersion: number;
  /** Of one that makes a passkey: the user handle that goes into it (WebAuthn §5.4.3); else ''. */
  readonly handle: string;
}

/** What the caller knows, and the challenge has to say as well. */
export type ChallengeBinding = Pick<PasskeyChallenge, 'purpose' | 'browserId' | 'root' | 'userId' | 'authVersion'>;

/** Seconds that somebody may take to find their key and touch it. */
export const CHALLENGE_SECONDS = 300;
/** Characters of a sealed challenge. */
const MAX_SEALED = 1_000;
const CHALLENGE_LENGTH = 24;

/** A new one. It is kept by the browser under our seal instead of in the store, so that nobody fills that by asking; the seal is the tenant's. */
export function newChallenge(
  ctx: Pick<Context, 'random'>,
  binding: ChallengeBinding & Partial<Pick<PasskeyChallenge, 'handle'>>,
  startedMs: number,
): PasskeyChallenge {
  return { handle: '', ...binding, id: ctx.random.text(CHALLENGE_LENGTH), startedMs };
}

export function writeChallenge(ctx: Pick<Context, 'keys' | 'random'>, challenge: PasskeyChallenge): string {
  const { id, purpose, startedMs, browserId, root, userId, authVersion, handle } = challenge;
  return seal(ctx, 'passkey_challenge', [id, purpose, startedMs, browserId, root, userId, authVersion, handle]);
}

/**
 * A challenge of ours that is bound to all of `binding` and not over; otherwise, in words for the decision record, why not. Whether it has been used is the store's
 * to say, once the answer is known to be right.
 */
export function readChallenge(
  ctx: Pick<Context, 'keys'>,
  sealed: string,
  binding: ChallengeBinding,
  nowMs: number,
): PasskeyChallenge | string {
  const challenge = open(ctx, sealed);
  if (challenge === undefined) return 'its seal does not hold';
  for (const name of ['purpose', 'browserId', 'root', 'userId', 'authVersion'] as const)
    if (challenge[name] !== binding[name]) return `it is for another ${name}`;
  if (challenge.startedMs + CHALLENGE_SECONDS * 1000 <= nowMs) return 'its time is over';
  return challenge;
}

/** Seconds since 1970: when it is over. */
export function endOfChallenge({ startedMs }: PasskeyChallenge): number {
  return Math.ceil(startedMs / 1000) + CHALLENGE_SECONDS;
}

function open(ctx: Pick<Context, 'keys'>, sealed: string): PasskeyChallenge | undefined {
  const parts = openSealed(ctx, 'passkey_challenge', sealed, MAX_SEALED);
  if (!Array.isArray(parts)) return undefined;
  const [id, purpose, startedMs, browserId, root, userId, authVersion, handle]: unknown[] = parts;
  if (typeof id !== 'string' || !isPurpose(purpose) || typeof startedMs !== 'number' || typeof browserId !== 'string') return undefined;
  if (typeof root !== 'string' || typeof userId !== 'number' || typeof authVersion !== 'number' || typeof handle !== 'string')
    return undefined;
  return { id, purpose, startedMs, browserId, root, userId, authVersion, handle };
}

function isPurpose(value: unknown): value is PasskeyPurpose {
  return value === 'register' || value === 'sign_in' || value === 'second' || value === 'step_up';
}
