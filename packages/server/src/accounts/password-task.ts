/** What the threads that hash are asked, and what they answer. */
export type PasswordTask =
  | { readonly kind: 'hash'; readonly password: string }
  | { readonly kind: 'verify'; readonly hash: string; readonly password: string };
export type PasswordAnswer =
  | { readonly kind: 'hash'; readonly hash: string }
  /** With the milliseconds of a processor that it took. */
  | { readonly kind: 'verify'; readonly right: boolean; readonly cpuMs: number }
  | { readonly kind: 'failed'; readonly message: string };
