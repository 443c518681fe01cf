import type { LiveToken } from '@hufu/resource/verification';

/** Sessions of browsers, as the pipeline sees them. What is behind it keeps their tokens, and renews them. */
export interface SessionSource {
  /** The name of its cookie. */
  readonly cookieName: string;
  /** Origins whose pages may use sessions, the edge's own among them. */
  readonly origins: ReadonlySet<string>;
  /**
   * The session of a request. Rejects where it cannot be told: nobody is signed out for that.
   *
   * @param handle which session the page believes to be in (`X-Hufu-Session`).
   */
  find(cookies: string, handle: string | undefined): Promise<SessionAnswer>;
  /** `Set-Cookie` lines that clear what is left of sign-ins, for a browser whose cookies have grown too many. Left out: there is nothing of the kind. */
  clearing?(cookies: string): readonly string[];
  /** When a session that was found ends if nobody uses it, as is known now: seconds since 1970; undefined: it is over. Rejects where that cannot be told. */
  livesUntil(id: string): Promise<number | undefined>;
  /** A token of a session was taken for what it is. */
  learn?(token: string, live: LiveToken): void;
  /** Calls `ended` for each session that ends, until what this returns is called. */
  onEnd(ended: (id: string) => void): () => void;
}

/** What the session cookie of a request comes to. */
export type SessionAnswer =
  | { readonly kind: 'none' }
  /** It was one. `reason`: a word for the page. `detail`: a sentence, where there is more to say. */
  | { readonly kind: 'over'; readonly reason: string; readonly detail?: string }
  /** It is another one than the page believes. */
  | { readonly kind: 'changed' }
  /** `token`: an access token that is good now, as far as is known. `id`: as `onEnd` says it. */
  | {
      readonly kind: 'found';
      readonly id: string;
      readonly token: string;
      readonly expiresAt: number;
      /** When it ends if nobody uses it from here on, as far as is known here: seconds since 1970. */
      readonly livesUntil: number;
      /** The token could not be renewed, as its issuer is away: until then (seconds since 1970) it is taken for what it was. */
      readonly lenientUntil?: number;
      /** What its cookie has to become: `Set-Cookie` values, asked for when the head of an answer is written. Left out: nothing. */
      readonly cookies?: () => readonly string[];
    };
