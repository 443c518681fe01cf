import type { Clock } from '../clock.ts';
import { pause } from '../clock.ts';
import type { SessionRecord } from '../session/record.ts';
import type { RawTokenAnswer, RenewContext, Renewer, Validated } from '../session/renewer.ts';

/** A failure as `TokenFailure` describes it. */
export function failure(members: Readonly<Record<string, unknown>>): Error {
  return Object.assign(new Error('as a token endpoint answers'), members);
}

export const INVALID_GRANT: Readonly<Record<string, unknown>> = { kind: 'refused', code: 'invalid_grant', status: 400 };

/**
 * An authorization server with strict rotation in memory, with the client's side of it: using a refresh token twice ends everything, as it
 * does where there is no overlap.
 */
export class FakeServer implements Renewer {
  readonly #clock: Clock;
  /** The one that may be used; undefined: the grant is dead. */
  #current: string | undefined;
  #issued = 0;
  /** Requests for tokens that arrived, in order. */
  readonly used: string[] = [];
  readonly contexts: RenewContext[] = [];
  readonly revoked: string[] = [];
  validations = 0;
  /** Of the token endpoint. */
  latencyMs = 0;
  expiresIn: unknown = 300;
  rotates = true;
  /** Whether the token before the current one gets the same successor again, as at Hufu. */
  overlaps = false;
  #last: { readonly used: string; readonly answer: RawTokenAnswer } | undefined;
  /** Called before the server acts on a request; what it throws is the answer. */
  before: (() => void | Promise<void>) | undefined;
  /** Called after it has acted; what it throws is the answer. */
  after: (() => void | Promise<void>) | undefined;
  /** Called instead of the check of an answer. */
  validating: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What a sign-in brings. */
  async signIn(): Promise<{
    readonly accessToken: string;
    readonly tokenType: 'Bearer';
    readonly expiresIn: unknown;
    readonly refreshToken: string;
  }> {
    const { access_token, refresh_token } = this.#issue();
    return { accessToken: access_token, tokenType: 'Bearer', expiresIn: this.expiresIn, refreshToken: refresh_token };
  }

  async refresh(refreshToken: string, context: RenewContext): Promise<RawTokenAnswer> {
    this.used.push(refreshToken);
    this.contexts.push(context);
    await this.before?.();
    if (this.latencyMs > 0) await pause(this.#clock, this.latencyMs, context.signal);
    const isAgain = this.overlaps && this.#current !== undefined && refreshToken === this.#last?.used;
    if (refreshToken !== this.#current && !isAgain) {
      this.#current = undefined;
      throw failure(INVALID_GRANT);
    }
    const answer: RawTokenAnswer = isAgain ? (this.#last?.answer ?? {}) : this.#issue();
    this.#last = { used: refreshToken, answer };
    await this.after?.();
    return this.rotates ? answer : { ...answer, refresh_token: undefined };
  }

  async validate(answer: RawTokenAnswer, _record: SessionRecord): Promise<Validated> {
    this.validations += 1;
    this.validating?.();
    return { accessToken: String(answer['access_token']), tokenType: 'Bearer' };
  }

  async revoke(token: string, hint?: 'access_token'): Promise<void> {
    this.revoked.push(hint === undefined ? token : `${hint} ${token}`);
    if (token === this.#current) this.#current = undefined;
  }

  /** The grant ends on the server's side. */
  kill(): void {
    this.#current = undefined;
  }

  /** The refresh token that works now. */
  get current(): string | undefined {
    return this.#current;
  }

  #issue(): { readonly access_token: string; readonly token_type: string; readonly expires_in: unknown; readonly refresh_token: string } {
    this.#issued += 1;
    if (this.rotates || this.#current === undefined) this.#current = `refresh-${this.#issued}`;
    return { access_token: `access-${this.#issued}`, token_type: 'Bearer', expires_in: this.expiresIn, refresh_token: this.#current };
  }
}
