import type { RevocationFollower } from '@hufu/resource/follower';
import type { TokenMarks } from '@hufu/resource/marks';
import { FINE, type Finding, type Revocations } from '@hufu/resource/revocations';
import type { RevocationRule } from '../routes/route.ts';

/** As much of a follower as is asked. */
export type FollowedLog = Pick<RevocationFollower, 'issuer' | 'maxAgeMs' | 'look' | 'state' | 'onKeyGivenUp'>;

/**
 * What a follower knows, by a route's own measure: how old it may be, and for how long tokens go on that held while it was fresh. What is
 * known to be revoked stays refused, whatever its age; where the follower has missed something or never heard anything, nothing is fine.
 */
export function revocationsBy(rule: RevocationRule, log: FollowedLog): Revocations {
  const maxAgeMs = rule.maxAgeSeconds * 1_000;
  const openForMs = rule.whenOlder === 'closed' ? 0 : rule.whenOlder.openForSeconds * 1_000;
  /** Tokens that were found fine while that could be said for sure. */
  const known = new WeakSet<TokenMarks>();

  function look(token: TokenMarks): Finding {
    const finding = log.look(token);
    if (finding.kind === 'revoked' || finding.kind === 'unmarked') return finding;
    // What is fresh by the log's own measure is so by a measure that is no stricter: nearly always, and nothing more is looked at.
    if (finding.kind === 'fine' && log.maxAgeMs <= maxAgeMs) {
      known.add(token);
      return FINE;
    }
    const { ageMs, isWhole } = log.state();
    if (isWhole && ageMs <= maxAgeMs) {
      known.add(token);
      return FINE;
    }
    if (isWhole && ageMs <= maxAgeMs + openForMs && known.has(token)) return FINE;
    return finding.kind === 'unknown' ? finding : { kind: 'unknown', cause: `the feed was heard ${Math.round(ageMs)} ms ago` };
  }

  return { issuer: log.issuer, look, onKeyGivenUp: (act) => log.onKeyGivenUp?.(act) };
}

/** Whether what stays open may go on, where the log is so old. It was admitted while the log was fresh, or it would not be open. */
export function mayStayOpen(rule: RevocationRule, ageMs: number): boolean {
  const openForSeconds = rule.whenOlder === 'closed' ? 0 : rule.whenOlder.openForSeconds;
  return ageMs <= (rule.maxAgeSeconds + openForSeconds) * 1_000;
}
