/** What every contender is set up with: the same clients, users, resources and lifetimes, so that they do the same work. */

export interface BenchClient {
  readonly id: string;
  readonly secret: string;
}

/** Acts for itself. */
export const MACHINE: BenchClient = { id: 'bench-machine', secret: 'machine-secret-3ZbYw0mQx7Rk9TnVf5LdCj2H' };
/** Acts for users, wants ID tokens signed with ES256. */
export const APP: BenchClient = { id: 'bench-app', secret: 'app-secret-Jq8uE1sWv6XoKb4GyPn0MzTi7RcA' };
/** Acts for users, wants ID tokens signed with RS256. */
export const WEB: BenchClient = { id: 'bench-web', secret: 'web-secret-L5tHf2NwBd9xSgUe7CqYk3RvPm8Z' };
/** Acts for itself; every token of it is bound to a key (RFC 9449 §5.2). */
export const DPOP: BenchClient = { id: 'bench-dpop', secret: 'dpop-secret-N7cWz2Qf5XtLb8HsJy1VkDr4GmUe' };
/** Acts for itself; has a key instead of a secret (RFC 7523 §2.2). */
export const SIGNER_ID = 'bench-signer';
/** Exchanges the tokens of users that `OPAQUE_RESOURCE` gets for tokens of its own (RFC 8693). */
export const EXCHANGER: BenchClient = { id: 'bench-exchanger', secret: 'exchanger-secret-T9vKp3MwYc6RxFz1BnHq8LdJs5Ga' };
/** The protected API that introspects. */
export const API: BenchClient = { id: 'bench-api', secret: 'api-secret-V4jDn8RyXa6KcTq1GmEw0HsZb9Fu' };

export const REDIRECT_URI = 'https://app.bench.example/callback';
/** RFC 8707 identifiers of the two protected resources. */
export const JWT_RESOURCE = 'https://jwt.bench.example/api';
export const OPAQUE_RESOURCE = 'https://opaque.bench.example/api';
/** Both resources' only scope. */
export const API_SCOPE = 'api:read';

/** One pair for all codes (RFC 7636 appendix B): who checks it does the same work for each. */
export const CODE_VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
export const CODE_CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
export const NONCE = 'n-0S6_WzA2Mj';

export const ACCESS_TOKEN_SECONDS = 600;
/** Of a pushed authorization request (RFC 9126 §2.2). */
export const PUSHED_REQUEST_SECONDS = 60;
/** Of a device code, and how long a device waits between two polls (RFC 8628 §3.2). */
export const DEVICE_CODE_SECONDS = 600;
export const POLL_SECONDS = 5;
export const REFRESH_TOKEN_SECONDS = 14 * 24 * 3600;
export const CODE_SECONDS = 60;

/** Grants are spread over so many users: nobody holds thousands, and Hufu keeps at most twenty unredeemed codes of one. */
export const USERS = 256;
export const PASSWORD = 'correct horse battery staple';

/** Devices are of so many public clients: no client has thousands of undecided codes, and Hufu limits them. */
export const DEVICE_CLIENTS = 20;

export function deviceClientOf(client: number): string {
  return `bench-device-${client}`;
}

export function usernameOf(user: number): string {
  return `user-${user}`;
}

/** OpenID Connect Core §5.1. */
export function claimsOf(user: number): Readonly<Record<string, string | boolean>> {
  return {
    name: `Bench User ${user}`,
    given_name: 'Bench',
    family_name: `User ${user}`,
    email: `${usernameOf(user)}@bench.example`,
    email_verified: true,
    locale: 'en',
  };
}
