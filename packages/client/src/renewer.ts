import type { Client } from './client.ts';
import { ClientError } from './client-error.ts';
import { newDpopKey } from './dpop.ts';
import type { Claims } from './id-token.ts';
import { revokeToken } from './revoke-token.ts';
import { type RawTokenAnswer, requestTokens } from './token-endpoint.ts';
import { readTokens } from './tokens.ts';

/** What a request for new tokens is made with. */
export interface RenewContext {
  readonly dpopKey?: CryptoKeyPair | undefined;
  readonly resource?: string | undefined;
  readonly scope?: string | undefined;
  readonly signal: AbortSignal;
}

/** What is known of the session that an answer is for. */
export interface KnownSession {
  readonly dpopKey?: CryptoKeyPair | undefined;
  /** Of the ID token that stood at the beginning. */
  readonly claims?: Claims | undefined;
}

/** An answer that was checked. */
export interface Validated {
  readonly accessToken: string;
  readonly tokenType: 'Bearer' | 'DPoP';
  readonly idToken?: string;
  readonly claims?: Claims;
}

/** What a token session asks the authorization server through. */
export interface ClientRenewer {
  refresh(refreshToken: string, context: RenewContext): Promise<Readonly<Record<string, unknown>>>;
  validate(answer: Readonly<Record<string, unknown>>, session: KnownSession): Promise<Validated>;
  revoke(token: string, hint?: 'access_token'): Promise<void>;
  /** Where there is no refresh token: tokens by what the client has of its own. */
  obtain?(context: RenewContext): Promise<Readonly<Record<string, unknown>>>;
  /** What those are bound to; left out: nothing. */
  newKey?(): Promise<CryptoKeyPair>;
}

/** How a client that needs nobody to sign in gets its tokens: `byClientCredentials`, `byServiceAccount`. */
export type Obtain = (client: Client, wish: Omit<RenewContext, 'signal'> & { readonly signal?: AbortSignal }) => Promise<RawTokenAnswer>;

/**
 * What is wrong with an ID token of a refresh without saying that the answer is somebody else's: our clock may be off, or the keys that we
 * were given a rotation behind. Then it is as if none had come, which a server may do as well (OpenID Connect Core §12.2).
 */
const LEFT_OUT: ReadonlySet<string> = new Set(['jwt', 'typ', 'alg', 'kid', 'signature', 'exp', 'iat', 'nbf', 'nonce', 'auth_time']);

/**
 * Renews the tokens of a session (RFC 6749 §6). `refresh` sends one request and gives the answer unchecked, so that the new refresh token can
 * be kept first; `validate` checks the rest: the token's kind, and an ID token (OpenID Connect Core §12.2), which it leaves out
 * where it is not to be relied on. All throw `ClientError`.
 *
 * @param obtain for a client that is there for itself, and has no refresh token.
 */
export function createRenewer(client: Client, obtain?: Obtain): ClientRenewer {
  const loading = loadIdTokens();
  return {
    ...(obtain && { obtain: async (context: RenewContext) => (await obtain(client, context)).body }),
    // By itself only what a sign-in brings is bound: there is no refresh token here that somebody could copy.
    ...(obtain && client.dpop === 'always' && { newKey: () => newDpopKey(client.dpopKeys) }),
    async refresh(refreshToken, { dpopKey, resource, scope, signal }) {
      const parameters: (readonly [string, string | undefined])[] = [
        ['refresh_token', refreshToken],
        ['resource', resource],
        ['scope', scope],
      ];
      return (await requestTokens(client, 'refresh_token', { parameters, dpopKey, signal })).body;
    },
    async validate(answer, { dpopKey, claims: before }) {
      const { accessToken, tokenType, idToken } = readTokens({ body: answer, sentAt: 0 }, dpopKey === undefined ? 'Bearer' : 'DPoP');
      // Whoever asked for no ID token in the beginning reads none now.
      if (idToken === undefined || before === undefined) return { accessToken, tokenType };
      const nonce = typeof before['nonce'] === 'string' ? before['nonce'] : undefined;
      // A load that failed is begun anew.
      const { validateIdToken } = await loading.catch(loadIdTokens);
      try {
        const claims = await validateIdToken(client, idToken, { nonce, nonceNeed: 'optional', accessToken, before });
        // What later ones are compared with is the first ID token, whatever those in between left out.
        return { accessToken, tokenType, idToken, claims: { ...tieOf(before), ...claims } };
      } catch (error) {
        if (!(error instanceof ClientError && error.kind === 'mismatch' && LEFT_OUT.has(error.code))) throw error;
        return { accessToken, tokenType };
      }
    },
    revoke: (token, hint) => revokeToken(client, token, hint ?? 'refresh_token'),
  };
}

/** What ties ID tokens to one sign-in (OpenID Connect Core §12.2). */
function tieOf({ nonce, auth_time }: Claims): Claims {
  return { ...(nonce !== undefined && { nonce }), ...(auth_time !== undefined && { auth_time }) };
}

/**
 * What validates ID tokens is not needed to show a page, but it is to be there when the app has been deployed anew under an open page: so it
 * is loaded at once, and nobody waits for it.
 */
function loadIdTokens(): Promise<typeof import('./id-token.ts')> {
  const loading = import('./id-token.ts');
  // Whoever needs it hears of it.
  loading.catch(() => undefined);
  return loading;
}
