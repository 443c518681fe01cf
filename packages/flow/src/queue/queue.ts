import { createHash, randomBytes } from 'node:crypto';
import type { RedisCalls } from '../redis/calls.ts';
import { QueueConnection, QueueUnavailable } from './connection.ts';
import { DISCARD, LIST_DEAD, OFFER, OVERVIEW, REVIVE, STATUS } from './scripts.ts';
import { type QueueOptions, readSettings } from './settings.ts';

/** The longest job, in bytes of UTF-8. */
export const MAX_JOB_BYTES: number = 64 * 1024;
const MAX_NAME_LENGTH = 1_024;

export interface OfferOptions {
  /** Whose job it is: nobody else is told of it, or finds it behind an idempotency key of theirs. Proven, not claimed. 1,024 characters at most. */
  readonly scope: string;
  /** The same job twice under one key is one job. 1,024 characters at most. */
  readonly idempotencyKey?: string | undefined;
}

/** What came of an offer. */
export type Offered =
  /** Redis has it. `position`: how many wait before it; `etaMs`: until a worker takes it, as fast as things went lately; undefined: nothing goes. */
  | { readonly kind: 'accepted'; readonly id: string; readonly position: number; readonly etaMs: number | undefined }
  /** The same job is there, or was a while ago. */
  | { readonly kind: 'duplicate'; readonly id: string; readonly state: JobState }
  /** There is another job behind this key. */
  | { readonly kind: 'conflict' }
  /** Each refusal is told a moment of its own. `draining`: false where nothing has ended for a minute, or no worker is there. */
  | { readonly kind: 'full'; readonly retryAfterMs: number; readonly draining: boolean }
  /** Redis does not answer, or will not. It may have the job: whoever asks again with an idempotency key knows. */
  | { readonly kind: 'unavailable'; readonly cause: unknown };

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'dead';

export type JobStatus =
  | { readonly kind: 'queued'; readonly attempts: number; readonly position: number | undefined; readonly etaMs: number | undefined }
  | { readonly kind: 'running'; readonly attempts: number }
  | { readonly kind: 'done'; readonly attempts: number; readonly result: string | undefined }
  /** `reason`: what the worker has said for all to read. */
  | { readonly kind: 'failed'; readonly attempts: number; readonly reason: string }
  /** Tried as often as may be. */
  | { readonly kind: 'dead'; readonly attempts: number }
  /** Never offered, somebody else's, or over for too long. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'unavailable'; readonly cause: unknown };

/** A job that was tried as often as may be. */
export interface DeadLetter {
  readonly id: string;
  readonly job: string;
  readonly attempts: number;
  /** The last error's message, or `abandoned`. For whoever runs the queue, not for whoever has offered the job. */
  readonly reason: string;
  readonly sinceMs: number;
}

export interface QueueOverview {
  /** Jobs that wait, run, or are to be tried again. */
  readonly depth: number;
  readonly waiting: number;
  readonly running: number;
  /** To be tried again, later. */
  readonly delayed: number;
  readonly dead: number;
  /** Dead letters that there was no room for. */
  readonly dropped: number;
  readonly bytes: number;
  /** By what ended in the last minute, and never more than the rate; undefined: nothing ended, though there was something to do. */
  readonly perSecond: number | undefined;
}

/** Jobs that wait in Redis until workers take them, at a fixed rate. */
export interface Queue {
  readonly connection: QueueConnection;
  /** Throws a `TypeError` for a job that is longer than 64 KiB, or a scope or key that is none. */
  offer(job: string, options: OfferOptions): Promise<Offered>;
  /** @param scope the one that it was offered with */
  status(id: string, scope: string): Promise<JobStatus>;
  /** Throws `QueueUnavailable`, as all that follow. */
  overview(): Promise<QueueOverview>;
  /** The latest first. */
  deadLetters(most?: number): Promise<readonly DeadLetter[]>;
  /** Tries a dead letter again, as often as a new job. */
  revive(id: string): Promise<'queued' | 'full' | 'unknown'>;
  discard(id: string): Promise<'discarded' | 'unknown'>;
}

/** Throws a `TypeError` that says which setting is none. */
export function createQueue(redis: RedisCalls, options: QueueOptions): Queue {
  return new RedisQueue(new QueueConnection(redis, readSettings(options)));
}

class RedisQueue implements Queue {
  readonly connection: QueueConnection;

  constructor(connection: QueueConnection) {
    this.connection = connection;
  }

  async offer(job: string, { scope, idempotencyKey }: OfferOptions): Promise<Offered> {
    const size = Buffer.byteLength(job);
    if (size > MAX_JOB_BYTES) throw new TypeError(`a job has ${MAX_JOB_BYTES} bytes at most`);
    requireName('scope', scope);
    if (idempotencyKey !== undefined) requireName('idempotencyKey', idempotencyKey);
    const { name, maxDepth, maxBytes, maxAttempts } = this.connection.settings;
    const key = idempotencyKey === undefined ? '' : digestOf(name, scope, idempotencyKey);
    const parameters = [newId(), digestOf(scope), digestOf(job), job, size, maxDepth, maxBytes, maxAttempts, key];
    try {
      return readOffered(await this.connection.ask(OFFER, ...parameters));
    } catch (cause) {
      if (cause instanceof QueueUnavailable) return { kind: 'unavailable', cause: cause.cause };
      throw cause;
    }
  }

  async status(id: string, scope: string): Promise<JobStatus> {
    if (!ID.test(id)) return { kind: 'unknown' };
    try {
      const [state, owner, attempts, ...rest] = await this.connection.ask(STATUS, id);
      if (state === undefined || owner !== digestOf(scope)) return { kind: 'unknown' };
      return readStatus(readState(state), Number(attempts), rest);
    } catch (cause) {
      if (cause instanceof QueueUnavailable) return { kind: 'unavailable', cause: cause.cause };
      throw cause;
    }
  }

  async overview(): Promise<QueueOverview> {
    const [length = 0, delayed = 0, waiting = 0, dead = 0, dropped = 0, bytes = 0, pace = 0] = (await this.connection.ask(OVERVIEW)).map(
      Number,
    );
    const counts = { depth: length + delayed, waiting, running: length - waiting, delayed, dead, dropped, bytes };
    return { ...counts, perSecond: pace === 0 ? undefined : 1_000 / pace };
  }

  async deadLetters(most = 100): Promise<readonly DeadLetter[]> {
    const parts = await this.connection.ask(LIST_DEAD, Math.min(Math.max(1, Math.floor(most)), 1_000));
    return Array.from({ length: Math.floor(parts.length / 5) }, (_, index) => {
      const [id = '', job = '', attempts, reason = '', sinceMs] = parts.slice(index * 5);
      return { id, job, attempts: Number(attempts), reason, sinceMs: Number(sinceMs) };
    });
  }

  async revive(id: string): Promise<'queued' | 'full' | 'unknown'> {
    const { maxDepth, maxBytes, maxAttempts } = this.connection.settings;
    const [answer] = ID.test(id) ? await this.connection.ask(REVIVE, id, maxDepth, maxBytes, maxAttempts) : [];
    return answer === 'queued' || answer === 'full' ? answer : 'unknown';
  }

  async discard(id: string): Promise<'discarded' | 'unknown'> {
    const [answer] = ID.test(id) ? await this.connection.ask(DISCARD, id) : [];
    return answer === 'discarded' ? answer : 'unknown';
  }
}

/** 128 bits that nobody guesses. */
function newId(): string {
  return randomBytes(16).toString('base64url');
}

const ID = /^[A-Za-z0-9_-]{22}$/;

/** Of texts one after the other: where one ends and the next begins is part of it. */
function digestOf(...texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${Buffer.byteLength(text)}:`).update(text);
  return hash.digest('base64url');
}

function requireName(what: string, value: string): void {
  if (value.length === 0 || value.length > MAX_NAME_LENGTH) throw new TypeError(`${what}: 1 to ${MAX_NAME_LENGTH} characters`);
}

function readOffered([kind, ...rest]: readonly string[]): Offered {
  const [first = '', second = '', third = ''] = rest;
  switch (kind) {
    case 'accepted':
      return { kind, id: first, position: Number(second), etaMs: third === '' ? undefined : Number(third) };
    case 'duplicate':
      return { kind, id: first, state: readState(second) };
    case 'conflict':
      return { kind };
    case 'full':
      return { kind, retryAfterMs: Number(first), draining: second === '1' };
    default:
      return { kind: 'unavailable', cause: new Error('what Redis answers is none of ours') };
  }
}

function readState(text: string): JobState {
  const state = STATES.find((known) => known === text);
  if (state === undefined) throw new Error('what Redis keeps is no job');
  return state;
}

const STATES: readonly JobState[] = ['queued', 'running', 'done', 'failed', 'dead'];

function readStatus(kind: JobState, attempts: number, [position = '', eta = '', result = '', reason = '']: readonly string[]): JobStatus {
  const numberOf = (text: string): number | undefined => (text === '' ? undefined : Number(text));
  switch (kind) {
    case 'queued':
      return { kind, attempts, position: numberOf(position), etaMs: numberOf(eta) };
    case 'done':
      return { kind, attempts, result: result === '' ? undefined : result };
    case 'failed':
      return { kind, attempts, reason };
    default:
      return { kind, attempts };
  }
}
