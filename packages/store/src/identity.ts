import { requireText } from './encoding.ts';
import type { IdentityRecord } from './port.ts';

/** An account at an upstream as it can be kept; another one is the caller's mistake. */
export function requireIdentity({
  upstream,
  issuer,
  subject,
  label,
}: Pick<IdentityRecord, 'upstream' | 'issuer' | 'subject' | 'label'>): void {
  requireText('the name of an upstream', upstream, 64);
  requireText('an issuer', issuer, 255);
  requireText('a subject', subject, 255);
  requireText('a label', label, 255);
}
