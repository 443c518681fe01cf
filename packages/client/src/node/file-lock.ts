import { randomBytes } from 'node:crypto';
import { type FileHandle, link, open, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Clock, pause, systemClock } from '../clock.ts';
import { type HeldLock, type SessionLock, StorageError } from '../session/place.ts';
import { identify, isProcessGone } from './process-identity.ts';

export interface FileLockOptions {
  /** What follows the path in the names of the files; `lock`. */
  readonly suffix?: string;
  /** Between two looks; 50. */
  readonly pollMs?: number;
  readonly clock?: Clock;
}

const POLL_MS = 50;
const BEAT_MS = 1_000;
/** For a holder that cannot be asked whether it lives. */
const STILL_MS = 20_000;
/** Every version of a lock's text is as long as any other, so that writing over it is one step. */
const TEXT_BYTES = 512;
const OLD_MS = 60_000;
/** A disk may be slow: so long a time between two looks counts as watched. */
const MAX_LOOK_MS = 1_000;

/**
 * A lock for the processes of a machine: files `<path>.lock.<n>`, of which the highest number has it. Taking it is making the next
 * number, which the file system lets one do; nobody ever touches the file of another, but to remove what is below a number of their own.
 * There is always one left, so that no number comes twice.
 */
export class FileLock implements SessionLock {
  readonly reach = 'machine';
  readonly me: string = identify();
  readonly #folder: string;
  readonly #prefix: string;
  readonly #pollMs: number;
  readonly #clock: Clock;
  /** Whoever gives up and comes again has watched meanwhile what stood still. */
  readonly #watched: Watched = { text: undefined, ms: 0, at: 0, silent: undefined };

  constructor(path: string, options: FileLockOptions = {}) {
    this.#folder = dirname(path);
    this.#prefix = `${basename(path)}.${options.suffix ?? 'lock'}.`;
    this.#pollMs = options.pollMs ?? POLL_MS;
    this.#clock = options.clock ?? systemClock;
  }

  async acquire(_name: string, signal: AbortSignal): Promise<HeldLock> {
    for (;;) {
      signal.throwIfAborted();
      const top = await this.#top();
      if (top === 0 || (await this.#isFree(top, this.#watched))) {
        const held = await this.#take(top, this.#watched);
        if (held !== undefined) return held;
      }
      await pause(this.#clock, this.#pollMs * (0.5 + this.#clock.chance()), signal);
    }
  }

  /** The highest number; 0 where nobody ever had it. */
  async #top(): Promise<number> {
    const { numbers } = await this.#list();
    return numbers.at(-1) ?? 0;
  }

  async #list(): Promise<{ readonly numbers: readonly number[]; readonly leftovers: readonly string[] }> {
    const names = await readdir(this.#folder).catch((cause: unknown) => {
      throw new StorageError(`${this.#folder} cannot be read`, cause);
    });
    const ours = names.filter((name) => name.startsWith(this.#prefix)).map((name) => name.slice(this.#prefix.length));
    const numbers = ours.filter((rest) => /^[1-9]\d{0,14}$/.test(rest)).map(Number);
    return { numbers: numbers.toSorted((a, b) => a - b), leftovers: ours.filter((rest) => rest.startsWith('tmp-')) };
  }

  #path(rest: number | string): string {
    return join(this.#folder, `${this.#prefix}${rest}`);
  }

  /** Whether nobody has the lock that this number stands for. */
  async #isFree(number: number, watched: Watched): Promise<boolean> {
    watched.silent = undefined;
    const text = await readFile(this.#path(number), 'utf8').catch(() => undefined);
    // Somebody has gone on; the next look sees who.
    if (text === undefined) return false;
    const holder = readHolder(text);
    if (holder === 'nobody') return true;
    if (holder !== undefined && (await isProcessGone(holder))) return true;
    const now = this.#clock.progressMs();
    const seen = `${number} ${text}`;
    if (watched.text !== seen) Object.assign(watched, { text: seen, ms: 0, at: now });
    // A machine that slept has watched nothing.
    watched.ms += Math.min(now - watched.at, Math.max(MAX_LOOK_MS, 4 * this.#pollMs));
    watched.at = now;
    if (watched.ms < STILL_MS) return false;
    watched.silent = holder;
    return true;
  }

  /** Undefined where somebody else was faster. */
  async #take(below: number, { silent }: Watched): Promise<HeldLock | undefined> {
    const number = below + 1;
    const temporary = this.#path(`tmp-${randomBytes(12).toString('base64url')}`);
    const file = await open(temporary, 'wx', 0o600).catch((cause: unknown) => {
      throw new StorageError(`${temporary} cannot be made`, cause);
    });
    try {
      await write(file, { holder: this.me, beat: 0 });
      await link(temporary, this.#path(number));
    } catch (cause) {
      await file.close();
      if (isCode(cause, 'EEXIST')) return undefined;
      throw new StorageError('a lock cannot be made here', cause);
    } finally {
      await unlink(temporary).catch(() => undefined);
    }
    // Who looked long ago may have made a number anew that was there before: then the one below it is gone, and a higher one is there.
    const isThere = below === 0 || (await exists(this.#path(below)));
    const { numbers, leftovers } = await this.#list();
    if (!isThere || numbers.at(-1) !== number) {
      await write(file, { holder: 'nobody' }).catch(() => undefined);
      await file.close();
      if ((numbers.at(-1) ?? 0) > number) await unlink(this.#path(number)).catch(() => undefined);
      return undefined;
    }
    // From below: as long as one is there, no number above it can have been removed.
    for (const lower of numbers) if (lower < number) await unlink(this.#path(lower)).catch(() => undefined);
    await this.#sweep(leftovers, file);
    return this.#hold(number, file, silent);
  }

  /** What crashes have left behind. */
  async #sweep(leftovers: readonly string[], file: FileHandle): Promise<void> {
    if (leftovers.length === 0) return;
    const now = (await file.stat()).mtimeMs;
    for (const name of leftovers.slice(0, 100)) {
      const found = await stat(this.#path(name)).catch(() => undefined);
      if (found !== undefined && now - found.mtimeMs > OLD_MS) await unlink(this.#path(name)).catch(() => undefined);
    }
  }

  #hold(number: number, file: FileHandle, silent: string | undefined): HeldLock {
    let beat = 0;
    let released = false;
    let writing: Promise<void> = Promise.resolve();
    let cancel = (): void => {};
    const schedule = (): void => {
      cancel = this.#clock.after(BEAT_MS, 'nothing', () => {
        if (released) return;
        beat += 1;
        writing = write(file, { holder: this.me, beat }).catch(() => undefined);
        schedule();
      });
    };
    schedule();
    return {
      fence: number,
      isGone: async (me) => me === silent || (await isProcessGone(me)),
      release: async () => {
        if (released) return;
        released = true;
        cancel();
        await writing;
        await write(file, { holder: 'nobody' }).catch(() => undefined);
        await file.close().catch(() => undefined);
      },
    };
  }
}

interface Watched {
  text: string | undefined;
  ms: number;
  at: number;
  /** Who has given no sign for 20 seconds. */
  silent: string | undefined;
}

async function write(file: FileHandle, content: { readonly holder: string; readonly beat?: number }): Promise<void> {
  await file.write(JSON.stringify(content).padEnd(TEXT_BYTES), 0, 'utf8');
}

function readHolder(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('holder' in value)) return undefined;
    return typeof value.holder === 'string' ? value.holder : undefined;
  } catch {
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
