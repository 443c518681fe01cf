import { type ActiveAnswer, AnswerCache } from './answer-cache.ts';
import { DocumentError } from './fetch-document.ts';
import { type Answer, type IntrospectionOptions, Introspector, type IntrospectorOptions } from './introspection.ts';
import { readMarks, type TokenMarks } from './marks.ts';
import { type ExpectedAnswer, isOver, readAnswer } from './read-claims.ts';
import { FINE, type Finding, type Revocations } from './revocations.ts';
import { type LiveToken, type RefusedToken, refuse, type Verification } from './verification.ts';

const AGAIN_SECONDS = 1;
const MAX_AGAIN_SECONDS = 30;

/** An answer from before. */
interface Kept {
  readonly kind: 'kept';
  readonly token: LiveToken;
  readonly ageMs: number;
}

/**
 * Verifies tokens by asking their issuer (RFC 7662), and keeps the answers: one that holds for `ttlSeconds` from when it was asked for, never to its `exp`, and
 * never against what is known of revocations.
 */
export class OpaqueVerification {
  readonly #options: IntrospectionOptions;
  readonly #io: IntrospectorOptions;
  readonly #expected: ExpectedAnswer;
  readonly #revocations: Revocations | undefined;
  readonly #introspector: Introspector;
  readonly #cache: AnswerCache;
  /** Whether the issuer did not answer when it was asked last, and when it may be asked in the background. */
  #isAway = false;
  #askAgainMs = 0;

  constructor(options: IntrospectionOptions, expected: ExpectedAnswer, revocations: Revocations | undefined, io: IntrospectorOptions) {
    this.#options = options;
    this.#io = io;
    this.#expected = expected;
    this.#revocations = revocations;
    this.#introspector = new Introspector(options, io);
    this.#cache = new AnswerCache(options.maxEntries ?? 10_000);
  }

  /** @param keeping `asked`: the issuer is asked whatever it said before, as long as that was not a no. */
  async verify(token: string, name: string, keeping: 'kept' | 'asked'): Promise<Verification> {
    const result = await this.#verify(token, name, keeping);
    return result.kind === 'refused' ? { ...result, by: 'introspection' } : result;
  }

  async #verify(token: string, name: string, keeping: 'kept' | 'asked'): Promise<Verification> {
    const { ttlSeconds = 30 } = this.#options;
    const before = await this.#recall(name, keeping);
    if (before?.kind === 'refused') return before;
    if (before !== undefined && before.ageMs < ttlSeconds * 1000) return before.token;
    if (before !== undefined && this.#isAway && this.#isFreshEnough(before)) {
      // Whoever waits for an issuer that does not answer gets the same in the end.
      this.#askAgain(token, name);
      return before.token;
    }
    const negative = this.#cache.findNegative(name, this.#io.monotonicMs());
    if (negative !== undefined) return negative;
    // What was asked for before a token was revoked says nothing, where nobody else would say so.
    const mayBeOlder = keeping === 'kept' && ttlSeconds > 0 && (this.#revocations === undefined || before !== undefined);
    const answer = await this.#ask(token, name, mayBeOlder, 'awaited');
    if (answer.kind !== 'unavailable') return this.#conclude(answer, name);
    // It took a while: what is known may be another by now.
    const kept = await this.#recall(name, keeping);
    if (kept?.kind === 'refused') return kept;
    return kept !== undefined && this.#isFreshEnough(kept) ? kept.token : refuse('introspection_unavailable', { cause: answer.cause });
  }

  /** What is kept and may be used as far as time and revocations go; how old it may be is not for this to say. */
  async #recall(name: string, keeping: 'kept' | 'asked'): Promise<Kept | RefusedToken | undefined> {
    const found = this.#cache.findActive(name);
    // Where its issuer has to be asked, an answer from before says nothing.
    if (found === undefined || keeping === 'asked') return undefined;
    const finding = await this.#look(found.marks);
    if (finding.kind === 'revoked') return refuse('revoked', { detail: finding.reason ?? 'no reason is given' });
    if (finding.kind !== 'fine' || !this.#isTimely(found)) return undefined;
    return { kind: 'kept', token: found.token, ageMs: this.#io.monotonicMs() - found.sentAtMs };
  }

  #isFreshEnough({ ageMs }: Kept): boolean {
    const { ttlSeconds = 30, onError } = this.#options;
    return ageMs < (ttlSeconds + (onError?.allowStaleSeconds ?? 0)) * 1000;
  }

  async #ask(token: string, name: string, mayBeOlder: boolean, by: 'awaited' | 'background'): Promise<Answer> {
    const answer = await this.#introspector.ask(token, name, this.#cache.findActive(name) !== undefined, mayBeOlder);
    if (answer.kind !== 'unavailable') this.#isAway = false;
    // What one token comes to says nothing of the others: nobody keeps these alive by showing one that is refused on the way.
    else if (isOfTheIssuer(answer.cause) && (by === 'background' || !this.#isAway)) this.#noteAway(answer.cause);
    return answer;
  }

  /** Not for each who waits in vain: that others are asked about meanwhile puts off nothing. */
  #noteAway({ retryAfterSeconds = 0 }: DocumentError): void {
    this.#isAway = true;
    this.#askAgainMs = this.#io.monotonicMs() + Math.min(Math.max(retryAfterSeconds, AGAIN_SECONDS), MAX_AGAIN_SECONDS) * 1000;
  }

  /** In the background, once a second at most, and not before the issuer wants it. */
  #askAgain(token: string, name: string): void {
    const now = this.#io.monotonicMs();
    if (now < this.#askAgainMs) return;
    this.#askAgainMs = now + AGAIN_SECONDS * 1000;
    void this.#ask(token, name, true, 'background').then((answer) =>
      answer.kind === 'unavailable' ? undefined : this.#conclude(answer, name),
    );
  }

  async #conclude(answer: Exclude<Answer, { kind: 'unavailable' }>, name: string): Promise<Verification> {
    const { negativeTtlSeconds = 5 } = this.#options;
    const untilMs = this.#io.monotonicMs() + negativeTtlSeconds * 1000;
    if (answer.kind === 'inactive') {
      const refused = refuse('inactive');
      this.#cache.keepNegative(name, refused, untilMs);
      return refused;
    }
    const now = this.#io.nowMs() / 1000;
    const token = readAnswer(answer.claims, name, this.#expected, now);
    if (token.kind === 'refused') {
      if (token.reason !== 'not_yet_valid') this.#cache.keepNegative(name, token, untilMs);
      return token;
    }
    // Members of these names may mean something else where nobody asks for revocations.
    const marks = this.#revocations === undefined ? undefined : readMarks(token, undefined);
    if (this.#revocations !== undefined && marks === undefined) {
      const refused = refuse('unmarked', { detail: 'its status or lineage is malformed' });
      this.#cache.keepNegative(name, refused, untilMs);
      return refused;
    }
    if (Number.isFinite(token.expiresAt)) this.#cache.keepActive(name, { token, marks, sentAtMs: answer.sentAtMs });
    else this.#cache.drop(name);
    // An answer that was just given is believed, unless we know better already.
    const finding = await this.#look(marks);
    return finding.kind === 'revoked' ? refuse('revoked', { detail: finding.reason ?? 'no reason is given' }) : token;
  }

  /** Of a kept answer. Its end is taken early: it was the issuer's clock that set it. */
  #isTimely({ token }: ActiveAnswer): boolean {
    const now = this.#io.nowMs() / 1000;
    return now < token.expiresAt - this.#expected.clockTolerance && !isOver(token, this.#expected, now);
  }

  #look(marks: TokenMarks | undefined): Finding | Promise<Finding> {
    return marks === undefined || this.#revocations === undefined ? FINE : this.#revocations.look(marks);
  }
}

/** Whether the issuer is away, or has too much to do: not what it, or something in between, made of one token. */
function isOfTheIssuer(cause: unknown): cause is DocumentError {
  return cause instanceof DocumentError && (cause.status === undefined || cause.status === 429 || cause.status >= 500);
}
