import { systemClock } from './clock.ts';
import { findEndpointFault, Location } from './discover.ts';
import { DocumentError, type Fetch, fetchDocument, mayHaveMoved } from './fetch-document.ts';
import { Turnstile } from './turnstile.ts';

/** How we say who we are: a client's id and secret (RFC 6749 §2.3.1), or an Authorization header of your own, made for each request. */
export type Credentials =
  | { readonly clientId: string; readonly clientSecret: string }
  | { readonly authorization: () => string | Promise<string> };

/** Asking the issuer about tokens (RFC 7662). */
export interface IntrospectionOptions {
  readonly credentials: Credentials;
  /** Left out, the issuer's metadata says (RFC 8414 §2 `introspection_endpoint`). */
  readonly endpoint?: string;
  /**
   * Seconds that an answer is used for, at most: 0 to 3,600, by default 30. It is the time that a token may live on after it was revoked, where
   * there is no revocation feed. An answer without `exp` is not kept.
   */
  readonly ttlSeconds?: number;
  /** Seconds that an answer `inactive` is used for: 0 to 5, which is the default. */
  readonly negativeTtlSeconds?: number;
  /** Answers that are kept, an eighth of them for tokens that do not hold: 10,000 by default. */
  readonly maxEntries?: number;
  /**
   * Whether JWTs are asked about: `never` by default; `when_unknown`: where the revocation feed is not fresh, instead of 503; `always`: each one, beside
   * verifying nothing here.
   */
  readonly jwts?: 'never' | 'when_unknown' | 'always';
  /** Whether an answer must name its audience: `required` by default. `if_present` for servers that never do, and only where they tell nobody about others' tokens. */
  readonly audience?: 'required' | 'if_present';
  /** What happens where the issuer cannot be asked: 503, or for that long an answer that has grown old. That adds to the time that a token may live on. */
  readonly onError?: { readonly allowStaleSeconds: number };
  /** Milliseconds for one request, to its last byte: 5,000 by default. */
  readonly timeoutMs?: number;
}

/** What the issuer said. */
export type Answer =
  | { readonly kind: 'active'; readonly claims: Readonly<Record<string, unknown>>; readonly sentAtMs: number }
  | { readonly kind: 'inactive' }
  /** It said nothing that can be believed. That is never `inactive`. */
  | { readonly kind: 'unavailable'; readonly cause: unknown };

const NO_ANSWER: Promise<Answer> = Promise.resolve({ kind: 'unavailable', cause: undefined });

/** Bounds on what is under way at the issuer. */
const BOUNDS = { inside: 64, insideForKnown: 16, waiting: 1_000, waitingForKnown: 250 } as const;
const PATIENCE_MS = 2_000;

export interface IntrospectorOptions {
  readonly issuer: string;
  readonly fetch: Fetch;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}

/** One about a token that is under way, or waits for it. */
interface Question {
  answer: Promise<Answer>;
  isSent: boolean;
}

/** Asks the issuer about tokens: once for however many ask about the same one, and never about more than a bounded number at a time. */
export class Introspector {
  readonly #options: IntrospectionOptions;
  readonly #fetch: Fetch;
  readonly #monotonicMs: () => number;
  readonly #location: Location;
  readonly #underWay = new Map<string, Question>();
  readonly #turnstile = new Turnstile({ ...BOUNDS, patience: (signal) => systemClock.wait(PATIENCE_MS, signal) });

  constructor(options: IntrospectionOptions, { issuer, fetch, nowMs, monotonicMs }: IntrospectorOptions) {
    this.#options = options;
    this.#fetch = fetch;
    this.#monotonicMs = monotonicMs;
    this.#location = new Location(fetch, issuer, 'introspection_endpoint', options.endpoint, nowMs);
  }

  /**
   * Never rejects.
   *
   * @param name of the token: who asks about the same one gets the same answer.
   * @param known whether the token held before: those go first.
   * @param mayBeOlder whether an answer will do that the issuer was asked for before this call, if only just. If not, and it says `active`, it is asked once more.
   */
  ask(token: string, name: string, known: boolean, mayBeOlder: boolean): Promise<Answer> {
    const running = this.#underWay.get(name);
    if (running !== undefined && (mayBeOlder || !running.isSent)) return running.answer;
    const question: Question = { isSent: false, answer: NO_ANSWER };
    const ask = (): Promise<Answer> =>
      this.#enter(token, known, () => {
        question.isSent = true;
      });
    // Of one token there is one question at a time. A no, or nothing, is not worth another.
    const asked = running === undefined ? ask() : running.answer.then((before) => (before.kind === 'active' ? ask() : before));
    question.answer = asked.finally(() => {
      if (this.#underWay.get(name) === question) this.#underWay.delete(name);
    });
    this.#underWay.set(name, question);
    return question.answer;
  }

  async #enter(token: string, known: boolean, sending: () => void): Promise<Answer> {
    if (!(await this.#turnstile.enter(known))) return { kind: 'unavailable', cause: new Error('too many tokens are being asked about') };
    try {
      return await this.#ask(token, sending);
    } catch (cause) {
      if (mayHaveMoved(cause)) this.#location.forget();
      return { kind: 'unavailable', cause };
    } finally {
      this.#turnstile.leave();
    }
  }

  async #ask(token: string, sending: () => void): Promise<Answer> {
    const uri = await this.#location.uri();
    const headers = {
      authorization: await authorizationOf(this.#options.credentials),
      'content-type': 'application/x-www-form-urlencoded',
    };
    const body = new URLSearchParams({ token, token_type_hint: 'access_token' }).toString();
    // What was revoked while the answer was on its way is not in it: its time counts from here.
    const sentAtMs = this.#monotonicMs();
    sending();
    const document = await fetchDocument(this.#fetch, uri, { method: 'POST', headers, body, timeoutMs: this.#options.timeoutMs ?? 5_000 });
    const claims = document.body;
    if (!isObject(claims) || typeof claims['active'] !== 'boolean') throw new DocumentError(uri, 'is no introspection answer');
    return claims['active'] ? { kind: 'active', claims, sentAtMs } : { kind: 'inactive' };
  }
}

/** The Authorization header (RFC 6749 §2.3.1: both halves are form-encoded first). */
export async function authorizationOf(credentials: Credentials): Promise<string> {
  if ('authorization' in credentials) return credentials.authorization();
  const encode = (text: string): string => new URLSearchParams({ _: text }).toString().slice(2);
  return `Basic ${btoa(`${encode(credentials.clientId)}:${encode(credentials.clientSecret)}`)}`;
}

/** @throws {TypeError} where credentials are none. */
export function checkCredentials(credentials: unknown): void {
  const { clientId, clientSecret, authorization }: Readonly<Record<string, unknown>> = Object(credentials);
  if (typeof authorization === 'function') return;
  if (typeof clientId === 'string' && clientId !== '' && typeof clientSecret === 'string' && clientSecret !== '') return;
  throw new TypeError('credentials are a clientId and a clientSecret, or a function authorization');
}

/** @throws {TypeError} when an option is not what it says it is. */
export function checkIntrospection(options: IntrospectionOptions, issuer: string): void {
  const { endpoint, ttlSeconds, negativeTtlSeconds, maxEntries, jwts, audience, onError, timeoutMs } = options;
  checkCredentials(options.credentials);
  const fault = endpoint === undefined ? undefined : typeof endpoint === 'string' ? findEndpointFault(endpoint, issuer) : 'is not a text';
  if (fault !== undefined) throw new TypeError(`introspection.endpoint ${fault}`);
  const bounds: readonly (readonly [string, unknown, number, number])[] = [
    ['ttlSeconds', ttlSeconds, 0, 3_600],
    ['negativeTtlSeconds', negativeTtlSeconds, 0, 5],
    ['maxEntries', maxEntries, 8, 10_000_000],
    ['onError.allowStaleSeconds', onError === undefined ? undefined : Object(onError).allowStaleSeconds, 0, 86_400],
    ['timeoutMs', timeoutMs, 1, 60_000],
  ];
  for (const [name, value, least, most] of bounds) {
    if (value !== undefined && !(typeof value === 'number' && value >= least && value <= most))
      throw new TypeError(`introspection.${name} is not a number from ${least} to ${most}`);
  }
  if (onError !== undefined && Object(onError).allowStaleSeconds === undefined) throw new TypeError('introspection.onError says nothing');
  if (jwts !== undefined && !['never', 'when_unknown', 'always'].includes(jwts))
    throw new TypeError('introspection.jwts is none of its words');
  if (audience !== undefined && !['required', 'if_present'].includes(audience))
    throw new TypeError('introspection.audience is none of its words');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
