/**
 * The key that a token is bound to (RFC 7800 §3.1): whoever shows the token also proves to have the key. `jkt`: the SHA-256 thumbprint of a
 * public JWK (RFC 9449 §6.1). `x5t#S256`: the SHA-256 thumbprint of a certificate (RFC 8705 §3.1).
 */
export interface Confirmation {
  readonly method: ConfirmationMethod;
  /** Base64url, 43 characters. */
  readonly thumbprint: string;
}

export type ConfirmationMethod = 'jkt' | 'x5t#S256';

/** As one text without spaces: method, colon, thumbprint. */
export function formatConfirmation({ method, thumbprint }: Confirmation): string {
  return `${method}:${thumbprint}`;
}

/** Reads `formatConfirmation` back; undefined for anything else. */
export function readConfirmation(text: string): Confirmation | undefined {
  const [method, thumbprint, ...rest] = text.split(':');
  if ((method !== 'jkt' && method !== 'x5t#S256') || rest.length > 0 || thumbprint === undefined) return undefined;
  return THUMBPRINT.test(thumbprint) ? { method, thumbprint } : undefined;
}

/** The `cnf` claim (RFC 7800 §3.1). */
export function writeCnf({ method, thumbprint }: Confirmation): Readonly<Record<string, string>> {
  return { [method]: thumbprint };
}

const THUMBPRINT = /^[A-Za-z0-9_-]{43}$/;
