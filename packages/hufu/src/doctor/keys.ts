import type { KeyStatus } from '@hufu/server/keys/key-status';
import { when } from '../table.ts';
import type { Finding } from './finding.ts';

/** Keys that should have been replaced by now, which a running server does by itself, and those that stop being worth anything today. */
export function checkKeys(keys: readonly KeyStatus[], rotateEverySeconds: number, now: number): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { kid, alg, state, use, activeAt, expiresAt } of keys) {
    const about = `key ${kid}`;
    const hasNext = keys.some((other) => other.state === 'next' && other.use === use && other.alg === alg);
    // A day late is no coincidence.
    if (state === 'current' && !hasNext && activeAt + rotateEverySeconds + 86_400 < now)
      findings.push({
        level: 'warning',
        about,
        text: `${alg} in use since ${when(activeAt)}, longer than signing.rotate_every: no server has run since, or run hufu key rotate`,
      });
    if (state === 'retired' && expiresAt > now && expiresAt - now < 86_400)
      findings.push({ level: 'ok', about, text: `${alg} verifies nothing any more from ${when(expiresAt)} on` });
  }
  return findings;
}
