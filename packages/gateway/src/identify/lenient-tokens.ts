import { marksOf } from '@hufu/resource/marks';
import type { Revocations } from '@hufu/resource/revocations';
import { type LiveToken, refuse, type Verification } from '@hufu/resource/verification';
import type { Verifier } from '@hufu/resource/verifier';

/** Takes tokens of sessions a while longer, while their issuer is away and cannot renew them: only those that it was shown while they lived. */
export interface LenientVerifier extends Verifier {
  /** A token that holds now. */
  remember(text: string, token: LiveToken): void;
}

const MAX_TOKENS = 10_000;

/**
 * Beside `verifier`, for what that has found live: until when is said by whoever asks. What is known to be revoked stays refused, and where nobody can say it by the measure of the route, so is the rest.
 *
 * @param revocations of the issuers that have a feed.
 */
export function lenientVerifier(verifier: Verifier, revocations: ReadonlyMap<string, Revocations>): LenientVerifier {
  /** The longest unused first. */
  const remembered = new Map<string, LiveToken>();
  return {
    issuer: verifier.issuer,
    audience: verifier.audience,
    remember(text, token) {
      if (remembered.get(text) === token) return;
      remembered.delete(text);
      const [oldest] = remembered.keys();
      if (remembered.size >= MAX_TOKENS && oldest !== undefined) remembered.delete(oldest);
      remembered.set(text, token);
    },
    async verify(text): Promise<Verification> {
      const token = remembered.get(text);
      if (token === undefined)
        return refuse('revocations_unknown', { detail: 'its issuer is away, and it was not taken here while it lived' });
      const [marks, log] = [marksOf(token), revocations.get(token.issuer)];
      const finding = marks === undefined || log === undefined ? undefined : await log.look(marks);
      if (finding?.kind === 'revoked') return refuse('revoked', { detail: finding.reason ?? 'no reason is given' });
      return finding === undefined || finding.kind === 'fine' ? token : refuse('revocations_unknown', { detail: 'its issuer is away' });
    },
    nonce: () => undefined,
    nowSeconds: () => verifier.nowSeconds(),
  };
}
