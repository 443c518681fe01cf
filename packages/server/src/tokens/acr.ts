import { AUTHENTICATION_CLASSES } from '@hufu/protocol/client-settings';

/**
 * Authentication context classes (OpenID Connect Core §2 `acr`): ours, by how many factors were shown and whether a forged page could have asked for
 * them. Each is reached by whatever reaches the one after it.
 */
export const ONE_FACTOR = 'urn:hufu:acr:1';
export const TWO_FACTORS = 'urn:hufu:acr:2';
/** Two factors, and one of them a passkey, which only our own page can ask for. */
export const PHISHING_RESISTANT = 'urn:hufu:acr:3';

/** From the weakest to the strongest. */
export const ACR_VALUES: readonly string[] = AUTHENTICATION_CLASSES;

/** The class of an authentication with these methods (RFC 8176); undefined where nobody authenticated. */
export function acrOf(amr: readonly string[]): string | undefined {
  if (amr.length === 0) return undefined;
  if (!amr.includes('mfa')) return ONE_FACTOR;
  return amr.includes('pop') || amr.includes('swk') ? PHISHING_RESISTANT : TWO_FACTORS;
}

/** The strength of an authentication with these methods: 1 to 3 as in `ACR_VALUES`, 0 where nobody authenticated. */
export function levelOf(amr: readonly string[]): number {
  return levelNamed(acrOf(amr) ?? '');
}

/** The strength that a class stands for; 0 for one that is not ours. */
export function levelNamed(acr: string): number {
  return ACR_VALUES.indexOf(acr) + 1;
}
