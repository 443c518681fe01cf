import type { RevocationFollower } from './follower.ts';
import { marksOf } from './marks.ts';
import type { LiveToken } from './verification.ts';

/** Watches over one token, for as long as something of it goes on. */
export interface CutOff {
  /** Aborts when the token is revoked; its reason is an `Error` with the issuer's word for why. */
  readonly signal: AbortSignal;
  /** Stops watching: call it when what went on has ended. */
  release(): void;
}

/**
 * For what goes on after a request was let in, such as a stream of events or a socket: aborts as soon as the follower hears that the token was revoked. That the token
 * expires meanwhile is for you to know (`expiresAt`).
 *
 * @throws {TypeError} for a token of a verifier that does not know the follower.
 */
export function cutOff(follower: RevocationFollower, token: LiveToken): CutOff {
  const marks = marksOf(token);
  if (marks === undefined) throw new TypeError('the token is of a verifier without revocations');
  const controller = new AbortController();
  const look = (): void => {
    const finding = follower.look(marks);
    if (finding.kind === 'revoked') controller.abort(new Error(`the token was revoked: ${finding.reason ?? 'no reason is given'}`));
  };
  // A few looks into maps for each entry: cheaper than to keep who is watched by what.
  const release = follower.subscribe((event) => {
    if (event.kind === 'revoked') look();
  });
  controller.signal.addEventListener('abort', release, { once: true });
  look();
  return { signal: controller.signal, release };
}
