/** What an upstream in tests uses beyond the benchmark's declaration of this module. */
declare module 'oidc-provider' {
  interface GrantModel {
    addOIDCClaims(claims: readonly string[]): void;
  }
}
