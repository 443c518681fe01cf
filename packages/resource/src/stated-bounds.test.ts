import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Fetch } from './fetch-document.ts';
import { revocationFollower } from './follower.ts';
import { INTROSPECTION_ENDPOINT, testIntrospection } from './testing/introspection.ts';
import { makeKey, signToken } from './testing/issuer.ts';
import { type SimulatedTime, simulatedTime } from './testing/simulated-time.ts';
import { type Verifier, verifier } from './verifier.ts';

const ISSUER = 'https://as.example';
const AUDIENCE = 'https://api.example/files';
const START = 1_800_000_000;
const CREDENTIALS = { clientId: 'files', clientSecret: 'secret' } as const;
const KEYS = `${ISSUER}/keys`;
const FEED = `${ISSUER}/feed`;
const STATUS = { status_list: { uri: `${ISSUER}/oauth/status/1`, idx: 1 } };
const key = makeKey('ES256', 'one');
/** Entries of a batch. */
const PAGE = 2;

/** What happens to a feed. */
type Line = 'whole' | 'cut' | 'stalled' | 'held';

/** An issuer in memory, on the same time: what it says is true of the moment when it looks, and takes its time to arrive. */
class Issuer {
  readonly time: SimulatedTime;
  readonly introspection = testIntrospection();
  line: Line = 'whole';
  /** Milliseconds between a look at the log and the signature, from there to the API, and from a look at a token until its answer is there. */
  lagMs = 0;
  delayMs = 0;
  answerMs = 0;
  hub = 1;
  epoch = 1;
  isAway = false;
  readonly revokedAtMs = new Map<string, number>();
  readonly #entries: { readonly atMs: number; readonly entry: object }[] = [];
  readonly #over = new AbortController();

  constructor(time: SimulatedTime) {
    this.time = time;
  }

  revoke(jti: string): void {
    if (this.revokedAtMs.has(jti)) return;
    this.revokedAtMs.set(jti, this.time.monotonicMs());
    this.introspection.answers.delete(jti);
    const at = Math.floor(this.time.nowMs() / 1000);
    const entry = { seq: this.#entries.length + 1, kind: 'jti', id: jti, at, exp: at + 10_000, reason: 'revoked_by_client' };
    this.#entries.push({ atMs: this.time.monotonicMs(), entry });
  }

  /** Ends all waiting. */
  end(): void {
    this.#over.abort();
  }

  readonly fetch: Fetch = async (address, init) => {
    const url = new URL(address);
    if (url.href === KEYS) return Response.json({ keys: [key.jwk] });
    if (url.href === INTROSPECTION_ENDPOINT) return this.#introspect(address, init);
    if (init.method === 'POST') return new Response(null, { status: 204 });
    if (this.line === 'cut') throw new TypeError('cut');
    const { signal, headers } = init;
    const { accept, 'last-event-id': last }: Readonly<Record<string, string>> = Object(headers);
    const after = Number(last ?? url.searchParams.get('after'));
    const epoch = url.searchParams.get('epoch');
    if (epoch !== null && epoch !== `epoch ${this.epoch}`) return Response.json({ error: 'epoch_changed' }, { status: 409 });
    if (accept === 'text/event-stream') {
      const headers = { 'content-type': 'text/event-stream' };
      return new Response(this.#stream(after, signal ?? undefined), { headers });
    }
    if (url.searchParams.has('wait')) await this.#wait(Number(url.searchParams.get('wait')) * 1000, signal ?? undefined);
    return new Response((await this.#deliver(after, signal ?? undefined)).text);
  };

  /** Its word as of now, later. */
  async #introspect(address: string, init: RequestInit): Promise<Response> {
    if (this.isAway) return new Response(null, { status: 500 });
    const answer = await this.introspection.fetch(address, init);
    if (this.answerMs > 0) await this.#wait(this.answerMs, undefined);
    return answer;
  }

  async #deliver(after: number, signal: AbortSignal | undefined): Promise<{ readonly text: string; readonly seq: number }> {
    // It knows the log as it was a while ago, but never less than it has told.
    const lookedMs = this.time.monotonicMs() - this.lagMs;
    const isBehind = this.#entries.slice(0, after).every(({ atMs }) => atMs <= lookedMs);
    const beat = isBehind ? lookedMs : this.time.monotonicMs();
    const head = this.#entries.filter(({ atMs }) => atMs <= beat).length;
    const seq = Math.min(head, after + PAGE);
    const { hub, epoch } = this;
    const payload = {
      iss: ISSUER,
      iat: Math.floor(this.time.nowMs() / 1000),
      epoch: `epoch ${epoch}`,
      hub: `hub ${hub}`,
      beat: hub * 1e6 + beat,
      signed: hub * 1e6 + this.time.monotonicMs(),
      after,
      seq,
      head,
      entries: this.#entries.slice(after, seq).map(({ entry }) => entry),
    };
    const text = signToken(key, payload, { typ: 'revocations+jwt' });
    if (this.delayMs > 0) await this.#wait(this.delayMs, signal);
    while (this.line === 'stalled' && !this.#isOver(signal)) await this.#wait(100, signal);
    return { text, seq };
  }

  #stream(from: number, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
    let position: number | undefined;
    const utf8 = new TextEncoder();
    return new ReadableStream({
      pull: async (controller) => {
        // The first one is at once, the others each second or when there is something to tell.
        for (let waited = 0; position !== undefined && waited < 1_000; waited += 100) {
          await this.#wait(100, signal);
          if (this.#entries.length > position) break;
        }
        const { text, seq } = await this.#deliver(position ?? from, signal);
        while (this.line === 'held' && !this.#isOver(signal)) await this.#wait(100, signal);
        if (this.#isOver(signal) || this.line === 'cut') return controller.error(new TypeError('cut'));
        controller.enqueue(utf8.encode(`id: ${seq}\ndata: ${text}\n\n`));
        position = seq;
      },
    });
  }

  #isOver(signal: AbortSignal | undefined): boolean {
    return this.#over.signal.aborted || signal?.aborted === true;
  }

  #wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return this.time.wait(ms, signal === undefined ? this.#over.signal : AbortSignal.any([signal, this.#over.signal]));
  }
}

/** The longest that an answer is on its way, in this world. */
const ON_ITS_WAY_MS = 4_000;
/** How often every token is verified. */
const EACH_MS = 700;

const ms = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('pass' as const), value: fc.integer({ min: 1, max: 5_000 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('revoke' as const), value: ms(3) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('line' as const), value: fc.constantFrom<Line>('whole', 'whole', 'cut', 'stalled', 'held') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lag' as const), value: ms(2_500) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delay' as const), value: ms(6_000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('answer' as const), value: ms(4_000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('away' as const, 'back' as const, 'hub' as const), value: fc.constant(0) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Case {
  readonly maxAgeSeconds: number | undefined;
  readonly ttlSeconds: number;
  readonly allowStaleSeconds: number;
  readonly answerMs: number;
  readonly lives: readonly number[];
  readonly steps: readonly Step[];
}

const cases = (isFollowed: boolean): fc.Arbitrary<Case> =>
  fc.record({
    maxAgeSeconds: isFollowed ? fc.integer({ min: 2, max: 12 }) : fc.constant(undefined),
    ttlSeconds: fc.integer({ min: 0, max: 15 }),
    allowStaleSeconds: fc.constantFrom(0, 0, 10),
    answerMs: fc.constantFrom(0, 2_000, ON_ITS_WAY_MS),
    lives: fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 2, maxLength: 2 }),
    steps: fc.array(step, { minLength: 10, maxLength: 50 }),
  });

/** @returns how often a token was live, and how often not */
async function run({
  maxAgeSeconds,
  ttlSeconds,
  allowStaleSeconds,
  answerMs,
  lives,
  steps,
}: Case): Promise<{ live: number; refused: number }> {
  const time = simulatedTime(START * 1000);
  const issuer = new Issuer(time);
  issuer.answerMs = answerMs;
  const names = lives.map((_, index) => `t${index}`);
  // Half of them JWTs, half opaque; what introspection says is the same.
  const claimsOf = (index: number): Record<string, unknown> => ({
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'tiger',
    client_id: 'app',
    jti: names[index],
    iat: START,
    exp: START + (lives[index] ?? 0),
    status: STATUS,
  });
  for (const [index, name] of names.entries()) if (index % 2 === 1) issuer.introspection.answers.set(name, claimsOf(index));
  const texts = names.map((name, index) => (index % 2 === 1 ? name : signToken(key, claimsOf(index))));
  const common = { issuer: ISSUER, jwksUri: KEYS, fetch: issuer.fetch };
  const follower =
    maxAgeSeconds === undefined
      ? undefined
      : revocationFollower({ ...common, credentials: CREDENTIALS, node: 'api', endpoint: FEED, maxAgeSeconds, clock: time });
  const tokens: Verifier = verifier({
    ...common,
    audience: AUDIENCE,
    clockToleranceSeconds: 0,
    nowMs: time.nowMs,
    monotonicMs: time.monotonicMs,
    introspection: { credentials: CREDENTIALS, endpoint: INTROSPECTION_ENDPOINT, ttlSeconds, onError: { allowStaleSeconds } },
    ...(follower === undefined ? {} : { revocations: follower }),
  });
  const boundMs = maxAgeSeconds === undefined ? (ttlSeconds + allowStaleSeconds) * 1000 : maxAgeSeconds * 1000;
  let others = 0;
  let settled = 0;
  const count = { live: 0, refused: 0 };
  const under: Promise<unknown>[] = [];
  const verify = async (index: number): Promise<void> => {
    const { kind } = await tokens.verify(texts[index] ?? '');
    if (kind === 'refused') {
      count.refused += 1;
      return;
    }
    count.live += 1;
    const isJwt = index % 2 === 0;
    const now = time.monotonicMs();
    assert.ok(now < (lives[index] ?? 0) * 1000, `${names[index]} is live at ${now} of ${lives[index]} s`);
    const sinceMs = now - (issuer.revokedAtMs.get(names[index] ?? '') ?? Number.POSITIVE_INFINITY);
    // What the issuer itself said while it held is as late as its answer, and nothing tells us of a JWT but the feed.
    if (maxAgeSeconds === undefined && isJwt) return;
    const most = isJwt ? boundMs : Math.max(boundMs, ON_ITS_WAY_MS);
    assert.ok(sinceMs <= most, `${names[index]} is live ${sinceMs} ms after it was revoked`);
  };
  try {
    await time.settle();
    for (const { kind, value } of steps) {
      if (kind === 'pass') {
        for (let left = Number(value); left > 0; left -= EACH_MS) {
          await time.pass(Math.min(left, EACH_MS));
          // What goes wrong with it is told at the end, not in between.
          for (const index of lives.keys()) {
            const done = verify(index).then(undefined, (error: unknown) => error);
            under.push(done.finally(() => (settled += 1)));
          }
          await time.settle();
        }
      } else if (kind === 'revoke') issuer.revoke(names[Number(value)] ?? `other ${(others += 1)}`);
      else if (kind === 'line') issuer.line = value as Line;
      else if (kind === 'lag') issuer.lagMs = Number(value);
      else if (kind === 'delay') issuer.delayMs = Number(value);
      else if (kind === 'answer') issuer.answerMs = Number(value);
      else if (kind === 'hub') issuer.hub += 1;
      else issuer.isAway = kind === 'away';
    }
    // A question may have to wait for the one before it.
    for (let round = 0; settled < under.length && round < 60; round += 1) await time.pass(1_000);
    assert.equal(settled, under.length, 'an answer never came');
    for (const error of await Promise.all(under)) if (error !== undefined) throw error;
    return count;
  } finally {
    issuer.end();
    await follower?.close();
  }
}

async function hold(isFollowed: boolean, numRuns: number): Promise<{ readonly live: number; readonly refused: number }> {
  const total = { live: 0, refused: 0 };
  const property = fc.asyncProperty(cases(isFollowed), async (one) => {
    const { live, refused } = await run(one);
    total.live += live;
    total.refused += refused;
  });
  await fc.assert(property, { numRuns });
  return total;
}

test('with a follower no token is live at or after exp, nor later than maxAgeSeconds after it was revoked, whatever becomes of the feed', async () => {
  const { live, refused } = await hold(true, 100);
  assert.ok(live > 500 && refused > 500, `${live} live, ${refused} refused: it says nothing`);
});

test('without one no kept answer is active at or after exp, nor later than its ttl after the token was revoked, however long answers take', async () => {
  const { live, refused } = await hold(false, 120);
  assert.ok(live > 500 && refused > 500, `${live} live, ${refused} refused: it says nothing`);
});
