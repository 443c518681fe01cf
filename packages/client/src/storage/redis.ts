import { type Clock, systemClock } from '../clock.ts';
import { RedisLock } from '../locks/redis-lock.ts';
import { type Replaced, type SessionPlace, type SessionStorage, StorageError } from '../session/place.ts';
import { type SessionRecord, type Stamp, stampOf } from '../session/record.ts';
import { readEnvelope, writeEnvelope } from './envelope.ts';
import { isWritable } from './written.ts';

/** What is used of a Redis or Valkey client: `eval` of ioredis, or a line around another library's. */
export interface RedisClient {
  eval(script: string, numberOfKeys: number, ...keysAndArguments: string[]): Promise<unknown>;
}

export interface RedisPlaceOptions {
  /** 32 bytes that only the processes of the application know: what is kept is encrypted with a key made of them. */
  readonly secret: Uint8Array;
  /** Before the names of all keys; `hufu:`. */
  readonly prefix?: string;
  /** How long a session is kept that nobody touches; 400 days. */
  readonly keptSeconds?: number;
  readonly clock?: Clock;
}

/** Sessions for whoever reaches a Redis, and has the secret. Throws a `TypeError` for one of another length. */
export function redisPlace(redis: RedisClient, options: RedisPlaceOptions): SessionPlace {
  if (options.secret.length !== 32) throw new TypeError('a secret has 32 bytes');
  const { prefix = 'hufu:', keptSeconds = KEPT_SECONDS, clock = systemClock } = options;
  return { storage: new RedisStorage(redis, options), lock: new RedisLock(redis, { prefix, keptSeconds, clock }) };
}

const KEPT_SECONDS = 400 * 86_400;

/** Compare and set in one step: the stamp stands beside the text. Answers with the text that is there where the stamp is another. */
const REPLACE = `
local stamp = redis.call('HGET', KEYS[1], 'stamp')
if (stamp or '') ~= ARGV[1] then return redis.call('HGET', KEYS[1], 'text') or '' end
redis.call('HSET', KEYS[1], 'stamp', ARGV[2], 'text', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1`;
const READ = `return redis.call('HGET', KEYS[1], 'text')`;

class RedisStorage implements SessionStorage {
  readonly reach = 'network';
  readonly canKeep: (key: CryptoKeyPair) => boolean = isWritable;
  readonly #redis: RedisClient;
  readonly #prefix: string;
  readonly #keptSeconds: number;
  readonly #key: Promise<CryptoKey>;

  constructor(redis: RedisClient, { secret, prefix = 'hufu:', keptSeconds = KEPT_SECONDS }: RedisPlaceOptions) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#keptSeconds = keptSeconds;
    this.#key = crypto.subtle.importKey('raw', new Uint8Array(secret), 'AES-GCM', false, ['encrypt', 'decrypt']);
  }

  async read(name: string): Promise<SessionRecord | undefined> {
    const text = await this.#ask(READ, name);
    if (text === null || text === undefined || text === '') return undefined;
    return await this.#readText(name, text);
  }

  async replace(name: string, expected: Stamp | undefined, next: SessionRecord): Promise<Replaced> {
    const text = await writeEnvelope(name, next, await this.#key);
    const stamps = [expected === undefined ? '' : textOf(expected), textOf(await stampOf(next))];
    const done = await this.#ask(REPLACE, name, ...stamps, text, String(this.#keptSeconds));
    if (done === 1) return { kind: 'replaced' };
    return { kind: 'conflict', current: done === '' ? undefined : await this.#readText(name, done) };
  }

  async #readText(name: string, text: unknown): Promise<SessionRecord> {
    if (typeof text !== 'string') throw new StorageError('what Redis keeps is no session');
    return await readEnvelope(name, text, await this.#key);
  }

  async #ask(script: string, name: string, ...parameters: string[]): Promise<unknown> {
    try {
      return await this.#redis.eval(script, 1, `${this.#prefix}session:${name}`, ...parameters);
    } catch (cause) {
      throw new StorageError('Redis cannot be used now', cause);
    }
  }
}

function textOf({ session, rev, hash }: Stamp): string {
  return JSON.stringify([session, rev, hash]);
}
