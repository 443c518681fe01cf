/**
 * Authentication context classes (OpenID Connect Core §2 `acr`): ours, by how many factors were shown. What is listed is what can be reached.
 */
export const ONE_FACTOR = 'urn:hufu:acr:1';

export const ACR_VALUES: readonly string[] = [ONE_FACTOR];

/** The class of an authentication with these methods (RFC 8176); undefined where nobody authenticated. */
export function acrOf(amr: readonly string[]): string | undefined {
  return amr.length === 0 ? undefined : ONE_FACTOR;
}
