import { DpopNonces } from '../dpop.ts';
import { readTokenChallenges, type TokenChallenge } from './challenge.ts';
import { SessionError } from './session-error.ts';
import type { AccessToken } from './session-tokens.ts';
import type { TokenSession } from './token-session.ts';

/** An API that may see tokens of a session, and which. */
export interface Audience {
  /** `https://api.example`: nobody else gets to see them. */
  readonly origin: string;
  readonly resource?: string;
  readonly scopes?: readonly string[];
}

/** Makes the proof of a request (RFC 9449 §4.2): `dpopProof` does. */
export type Prove = (
  key: CryptoKeyPair,
  request: {
    readonly method: string;
    readonly url: string;
    readonly accessToken: string;
    readonly nowMs: number;
    readonly nonce?: string | undefined;
  },
) => Promise<string>;

export interface AudienceOptions {
  /** Origins, each once, or what else is to be asked for at them. A token goes nowhere else. */
  readonly audiences: readonly (string | Audience)[];
  /** For tokens that are bound to a key. */
  readonly prove?: Prove;
  /**
   * What a 401 without a challenge that can be read does; `surface`. `renew` is for APIs on other origins that do not let scripts see
   * `WWW-Authenticate`.
   */
  readonly unlabelled?: 'surface' | 'renew';
  readonly nowMs: () => number;
}

/** What to do about an answer. */
export type Verdict =
  | { readonly kind: 'take' }
  /** Once more, with the nonce that came. */
  | { readonly kind: 'nonce' }
  | { readonly kind: 'again'; readonly access: AccessToken };

/** Shows a session's tokens at the APIs that they are for, and reads what these say about them. */
export class Audiences {
  readonly #session: TokenSession;
  readonly #options: AudienceOptions;
  readonly #audiences = new Map<string, Audience>();
  /** Of the servers that spoke last (RFC 9449 §9). */
  readonly #nonces = new DpopNonces();
  /** What a request carried: the one that was made last with this very token, of which each caller has one of its own. */
  readonly #sent = new WeakMap<AccessToken, string>();

  /** Throws a `TypeError` for what is no origin, and for one that is there twice: which token would go there? */
  constructor(session: TokenSession, options: AudienceOptions) {
    this.#session = session;
    this.#options = options;
    for (const one of options.audiences) {
      const audience = typeof one === 'string' ? { origin: one } : one;
      const { origin } = audience;
      if (URL.parse(origin)?.origin !== origin || this.#audiences.has(origin))
        throw new TypeError(`not an origin (https://api.example), or there twice: ${origin}`);
      this.#audiences.set(origin, audience);
    }
  }

  /** Undefined: no token goes there. */
  find(url: string): Audience | undefined {
    return this.#audiences.get(new URL(url).origin);
  }

  token({ resource, scopes }: Audience, signal: AbortSignal | undefined, renewAfter?: string): Promise<AccessToken> {
    return this.#session.accessToken({ resource, scopes, signal, renewAfter });
  }

  /** The header fields that show a token (RFC 6750 §2.1, RFC 9449 §7.1). */
  async headers(method: string, url: string, access: AccessToken): Promise<Readonly<Record<string, string>>> {
    const { token, type, dpopKey } = access;
    if (type === 'Bearer') return { authorization: `Bearer ${token}` };
    const { prove, nowMs } = this.#options;
    if (prove === undefined || dpopKey === undefined) throw new TypeError('a token that is bound to a key needs `prove`, and its key');
    const nonce = this.#nonces.of(url);
    if (nonce === undefined) this.#sent.delete(access);
    else this.#sent.set(access, nonce);
    const about = { method: method.toUpperCase(), url, accessToken: token, nowMs: nowMs(), nonce };
    return { authorization: `DPoP ${token}`, dpop: await prove(dpopKey, about) };
  }

  /**
   * Reads an answer to a request with a token. `tried`: what was done about it before; each is done once. Rejects only with the reason of
   * the signal.
   */
  async judge(
    answer: { readonly status: number; readonly url: string; readonly header: (name: string) => string | null },
    audience: Audience,
    access: AccessToken,
    tried: ReadonlySet<Verdict['kind']>,
    signal: AbortSignal | undefined,
  ): Promise<Verdict> {
    const isOther = this.#nonces.keep(answer.url, answer.header('dpop-nonce'), this.#sent.get(access));
    if (answer.status !== 401) return { kind: 'take' };
    const header = answer.header('www-authenticate');
    const challenges = readTokenChallenges(header);
    const has = (error: string): TokenChallenge | undefined => challenges.find((challenge) => challenge.error === error);
    if (has('use_dpop_nonce') !== undefined) return isOther && !tried.has('nonce') ? { kind: 'nonce' } : { kind: 'take' };
    const stepUp = has('insufficient_user_authentication');
    if (stepUp !== undefined) {
      this.#session.askForStepUp({ acrValues: stepUp.acrValues, maxAge: stepUp.maxAge, url: answer.url });
      return { kind: 'take' };
    }
    const isAboutToken = challenges.some(({ error }) => error === undefined || error === 'invalid_token');
    const isAsked = isAboutToken || (header === null && this.#options.unlabelled === 'renew');
    if (!isAsked || tried.has('again')) return { kind: 'take' };
    try {
      return { kind: 'again', access: await this.token(audience, signal, access.token) };
    } catch (error) {
      signal?.throwIfAborted();
      // Whoever asked reads the 401; why the session could not help is told by its events.
      if (error instanceof SessionError) return { kind: 'take' };
      throw error;
    }
  }
}
