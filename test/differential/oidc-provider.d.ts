/** What the differential run uses beyond the benchmark's declaration of this module. */
declare module 'oidc-provider' {
  export const errors: { readonly InvalidTarget: new () => Error };
}
