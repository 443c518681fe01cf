import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createQueue, type JobState, type Queue } from '@hufu/flow/queue/queue';
import { FINISH, TAKE } from '@hufu/flow/queue/scripts';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { startRedis, type TestRedis } from '../support/redis.ts';

let server: TestRedis;
let redis: Redis;
before(async () => {
  server = await startRedis();
  redis = server.connect();
});
after(() => server.stop());

const MEI = { scope: 'mei' };
const MAX_DEPTH = 8;
const MAX_BYTES = 40;
const MAX_ATTEMPTS = 2;
const MAX_DEAD = 2;
/** So far away that it never comes, in a time or in a row. */
const NEVER = 10 ** 9;

interface Job {
  readonly id: string;
  readonly size: number;
  readonly key: string | undefined;
  state: JobState;
  attempts: number;
  last: number;
  /** Waits for its time, which has come or never does; undefined: it does not. */
  delayed: 'due' | 'never' | undefined;
  /** A dead letter that is kept. */
  isKept: boolean;
}

/** What a queue is, without Redis, time and numbers of entries. */
class Model {
  readonly jobs: Job[] = [];
  /** Ids in the order in which they are to be taken. */
  stream: string[] = [];
  dropped = 0;
  /** Of dead letters, the oldest first. */
  dead: Job[] = [];

  get live(): readonly Job[] {
    return this.jobs.filter(({ state }) => state === 'queued' || state === 'running');
  }

  get bytes(): number {
    return this.live.reduce((sum, { size }) => sum + size, 0);
  }

  hasRoom(size: number): boolean {
    return this.live.length < MAX_DEPTH && this.bytes + size <= MAX_BYTES;
  }

  leave(job: Job, state: JobState): void {
    job.state = state;
    job.delayed = undefined;
    this.stream = this.stream.filter((id) => id !== job.id);
    this.dead = this.dead.filter((other) => other !== job);
  }

  die(job: Job): void {
    this.leave(job, 'dead');
    job.isKept = true;
    this.dead.push(job);
    for (let oldest = this.dead[0]; oldest !== undefined && this.dead.length > MAX_DEAD; oldest = this.dead[0]) {
      this.dead.shift();
      oldest.isKept = false;
      this.dropped += 1;
    }
  }
}

type Step =
  | { readonly do: 'offer'; readonly size: number; readonly key: number | undefined }
  | { readonly do: 'take'; readonly want: number; readonly isLate: boolean }
  | {
      readonly do: 'finish';
      readonly which: number;
      readonly earlier: number;
      readonly as: 'done' | 'failed' | 'again';
      readonly isDue: boolean;
    }
  | { readonly do: 'revive' | 'discard'; readonly which: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('offer'),
      size: fc.integer({ min: 0, max: 12 }),
      key: fc.option(fc.nat(2), { nil: undefined }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('take'), want: fc.integer({ min: 1, max: 3 }), isLate: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('finish'),
      which: fc.nat(20),
      earlier: fc.nat(1),
      as: fc.constantFrom('done', 'failed', 'again'),
      isDue: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('revive', 'discard'), which: fc.nat(3) }) },
);

test('whatever is done to a queue, in whatever order, it is what a list in memory would be', async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 40 }), async (todo) => {
      const queue = createQueue(redis, {
        name: `model-${runs++}`,
        rate: { limit: 1_000_000, periodMs: 1_000 },
        maxDepth: MAX_DEPTH,
        maxBytes: MAX_BYTES,
        maxAttempts: MAX_ATTEMPTS,
        maxDead: MAX_DEAD,
      });
      const model = new Model();
      for (const step of todo) {
        await act(step, queue, model);
        await compare(queue, model);
      }
    }),
    { numRuns: 60 },
  );
});

async function act(step: Step, queue: Queue, model: Model): Promise<void> {
  switch (step.do) {
    case 'offer':
      return await offer(queue, model, step.size, step.key?.toString());
    case 'take':
      return await take(queue, model, step.want, step.isLate ? 0 : NEVER);
    case 'finish': {
      const begun = model.jobs.filter(({ attempts }) => attempts > 0);
      const job = begun[step.which % Math.max(1, begun.length)];
      if (job === undefined) return;
      const attempt = Math.max(1, job.attempts - step.earlier);
      const [known] = await queue.connection.ask(FINISH, job.id, attempt, step.as, '', step.isDue ? 0 : NEVER);
      return end(model, job, { attempt, as: step.as, known, isDue: step.isDue });
    }
    case 'revive':
    case 'discard': {
      const job = model.dead[step.which % Math.max(1, model.dead.length)];
      if (job === undefined) return;
      if (step.do === 'discard') {
        assert.equal(await queue.discard(job.id), 'discarded');
        model.leave(job, 'dead');
        job.isKept = false;
        return;
      }
      const hasRoom = model.hasRoom(job.size);
      assert.equal(await queue.revive(job.id), hasRoom ? 'queued' : 'full');
      if (!hasRoom) return;
      model.leave(job, 'queued');
      job.isKept = false;
      job.last = job.attempts + MAX_ATTEMPTS;
      model.stream.push(job.id);
    }
  }
}

async function offer(queue: Queue, model: Model, size: number, key: string | undefined): Promise<void> {
  const offered = await queue.offer('x'.repeat(size), { ...MEI, idempotencyKey: key });
  const known = model.jobs.find((job) => key !== undefined && job.key === key);
  if (known !== undefined) {
    const { id, state } = known;
    assert.deepEqual(offered, known.size === size ? { kind: 'duplicate', id, state } : { kind: 'conflict' });
  } else if (!model.hasRoom(size)) assert.equal(offered.kind, 'full');
  else {
    assert.ok(offered.kind === 'accepted');
    assert.equal(offered.position, model.stream.length);
    const { id } = offered;
    model.jobs.push({ id, size, key, state: 'queued', attempts: 0, last: MAX_ATTEMPTS, delayed: undefined, isKept: false });
    model.stream.push(id);
  }
}

async function take(queue: Queue, model: Model, want: number, visibilityMs: number): Promise<void> {
  const [, , ...parts] = await queue.connection.ask(TAKE, want, queue.connection.settings.depthTicks, visibilityMs);
  const taken = Array.from({ length: parts.length / 3 }, (_, i) => ({ id: parts[i * 3] ?? '', attempt: Number(parts[i * 3 + 1]) }));
  assert.ok(taken.length <= want);
  // What waited for its time comes last, in no order that is promised.
  const due = model.jobs.filter(({ delayed }) => delayed === 'due');
  for (const job of due) job.delayed = undefined;
  const lately = new Set(due.map(({ id }) => id));
  const fresh = [...model.stream];
  model.stream.push(...lately);
  let running = 0;
  for (const { id, attempt } of taken) {
    const job = model.jobs.find((other) => other.id === id);
    assert.ok(job !== undefined && attempt === job.attempts + 1 && attempt <= job.last);
    if (job.state === 'running') {
      running += 1;
      assert.equal(visibilityMs, 0, 'nobody has given it up');
    } else {
      assert.equal(job.state, 'queued');
      if (fresh.length > 0) assert.equal(fresh.shift(), id, 'out of turn');
      else assert.ok(lately.has(id));
    }
    model.leave(job, 'running');
    job.attempts = attempt;
  }
  if (visibilityMs > 0) return assert.equal(taken.length, Math.min(want, taken.length + model.stream.length), 'somebody was left waiting');
  assert.ok(running <= want);
  // Whoever was given up for the last time is found dead; of several those first for whom there was no room.
  const died: Job[] = [];
  for (const job of model.jobs) {
    if (job.state === 'running' && (await queue.status(job.id, 'mei')).kind === 'dead') died.push(job);
  }
  const letters = (await queue.deadLetters()).map(({ id }) => id).toReversed();
  for (const job of died.toSorted((a, b) => letters.indexOf(a.id) - letters.indexOf(b.id))) {
    assert.equal(job.attempts, job.last);
    model.die(job);
  }
}

interface End {
  readonly attempt: number;
  readonly as: 'done' | 'failed' | 'again';
  readonly known: string | undefined;
  readonly isDue: boolean;
}

function end(model: Model, job: Job, { attempt, as, known, isDue }: End): void {
  if (job.state === 'done' || job.state === 'failed') return assert.equal(known, 'over');
  if (as === 'done') {
    assert.equal(known, 'done');
    model.leave(job, 'done');
    job.isKept = false;
    return;
  }
  if (job.state !== 'running' || attempt !== job.attempts) return assert.equal(known, 'stale');
  if (as === 'failed') {
    assert.equal(known, 'failed');
    return model.leave(job, 'failed');
  }
  assert.equal(known, job.attempts >= job.last ? 'dead' : 'queued');
  if (known === 'dead') return model.die(job);
  model.leave(job, 'queued');
  job.delayed = isDue ? 'due' : 'never';
}

async function compare(queue: Queue, model: Model): Promise<void> {
  const { depth, waiting, running, delayed, dead, dropped, bytes } = await queue.overview();
  const count = (state: JobState): number => model.jobs.filter((job) => job.state === state).length;
  assert.deepEqual(
    { depth, waiting, running, delayed, dead, dropped, bytes },
    {
      depth: model.live.length,
      waiting: model.stream.length,
      running: count('running'),
      delayed: model.jobs.filter((job) => job.delayed !== undefined).length,
      dead: model.dead.length,
      dropped: model.dropped,
      bytes: model.bytes,
    },
  );
  for (const job of model.jobs) {
    const status = await queue.status(job.id, 'mei');
    assert.equal(status.kind, job.state);
    if (status.kind === 'queued' && job.delayed === undefined) assert.ok((status.position ?? 0) <= model.stream.indexOf(job.id));
  }
  assert.deepEqual(
    (await queue.deadLetters()).map(({ id }) => id),
    model.dead.map(({ id }) => id).toReversed(),
  );
}
