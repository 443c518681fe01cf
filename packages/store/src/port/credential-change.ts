/** Answers of verbs that change what somebody proves themselves with. `changed`: `authVersion` was another one by now, and nothing happened. */
export type CredentialChange = { readonly kind: 'done'; readonly authVersion: number } | { readonly kind: 'changed' | 'unknown' };
