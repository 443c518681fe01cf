import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readdir, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type Clock, deadline, systemClock } from '../clock.ts';
import { type HeldLock, type Replaced, type SessionLock, type SessionPlace, type SessionStorage, StorageError } from '../session/place.ts';
import { type SessionRecord, type Stamp, sameStamp } from '../session/record.ts';
import { readEnvelope, readStamp, writeEnvelope } from '../storage/envelope.ts';
import { isWritable } from '../storage/written.ts';
import { FileLock } from './file-lock.ts';

/** A place for one secret, such as the keychain of an operating system through a library. */
export interface Keychain {
  get(): Promise<string | undefined>;
  set(secret: string): Promise<void>;
}

export interface FilePlaceOptions {
  /** Keeps the key of the file, which is encrypted then. */
  readonly keychain?: Keychain;
  readonly clock?: Clock;
}

/**
 * A session in a file (0600, in a folder 0700 that is made where it is missing), for the processes of one user on one machine. Rejects
 * with `StorageError` where others may write to the folder.
 */
export async function filePlace(path: string, options: FilePlaceOptions = {}): Promise<SessionPlace> {
  const real = await realPath(resolve(path));
  const clock = options.clock ?? systemClock;
  return { storage: new FileStorage(real, clock, options.keychain), lock: new FileLock(real, { clock }) };
}

const WRITE_MS = 25_000;
const MAX_BYTES = 1_048_576;
/** Two changes within this time may leave the same marks in the file system. */
const UNSURE_MS = 50;

class FileStorage implements SessionStorage {
  readonly reach = 'machine';
  readonly canKeep: (key: CryptoKeyPair) => boolean = isWritable;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #keychain: Keychain | undefined;
  readonly #writing: SessionLock;
  #key: Promise<CryptoKey> | undefined;
  #seen: { readonly name: string; readonly mark: string; readonly record: SessionRecord } | undefined;

  constructor(path: string, clock: Clock, keychain: Keychain | undefined) {
    this.#path = path;
    this.#clock = clock;
    this.#keychain = keychain;
    this.#writing = new FileLock(path, { suffix: 'write', pollMs: 5, clock });
  }

  async read(name: string): Promise<SessionRecord | undefined> {
    const found = await this.#look();
    if (found === undefined) return undefined;
    if (this.#seen?.mark === found.mark && this.#seen.name === name) return this.#seen.record;
    const text = await this.#readText();
    if (text === undefined) return undefined;
    const record = await readEnvelope(name, text, await this.#findKey());
    this.#seen = this.#clock.nowMs() - found.changedMs > UNSURE_MS ? { name, mark: found.mark, record } : undefined;
    return record;
  }

  async replace(name: string, expected: Stamp | undefined, next: SessionRecord): Promise<Replaced> {
    const key = await this.#findKey();
    const text = await writeEnvelope(name, next, key);
    if (text.length > MAX_BYTES) throw new TypeError(`a session of more than ${MAX_BYTES} bytes`);
    const held = await this.#alone();
    try {
      const before = await this.#readText();
      if (!sameStamp(before === undefined ? undefined : readStamp(name, before), expected))
        return { kind: 'conflict', current: before === undefined ? undefined : await readEnvelope(name, before, key) };
      await this.#write(text);
      return { kind: 'replaced' };
    } finally {
      await held.release();
    }
  }

  async #look(): Promise<{ readonly mark: string; readonly changedMs: number } | undefined> {
    try {
      const { ino, size, mtimeNs, ctimeNs } = await stat(this.#path, { bigint: true });
      return { mark: `${ino} ${size} ${mtimeNs} ${ctimeNs}`, changedMs: Number(ctimeNs / 1_000_000n) };
    } catch (cause) {
      if (isCode(cause, 'ENOENT')) return undefined;
      throw new StorageError(`${this.#path} cannot be read`, cause);
    }
  }

  async #readText(): Promise<string | undefined> {
    try {
      const text = await readFile(this.#path, 'utf8');
      // What is no envelope cannot be read; that it is there is known.
      return text.length > MAX_BYTES ? '' : text;
    } catch (cause) {
      if (isCode(cause, 'ENOENT')) return undefined;
      throw new StorageError(`${this.#path} cannot be read`, cause);
    }
  }

  /** Whole or not at all, and still there after a loss of power. Only for whoever is alone. */
  async #write(text: string): Promise<void> {
    const folder = dirname(this.#path);
    const prefix = `${basename(this.#path)}.tmp-`;
    const temporary = join(folder, `${prefix}${randomBytes(12).toString('base64url')}`);
    try {
      for (const name of await readdir(folder)) if (name.startsWith(prefix)) await unlink(join(folder, name)).catch(() => undefined);
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
      await syncFolder(folder);
    } catch (cause) {
      await unlink(temporary).catch(() => undefined);
      throw new StorageError(`${this.#path} cannot be written`, cause);
    }
  }

  /** Among all who write to the file; the lock of the session is another one, which may be lost. */
  async #alone(): Promise<HeldLock> {
    const limit = deadline(this.#clock, WRITE_MS);
    try {
      return await this.#writing.acquire('', limit.signal);
    } catch (cause) {
      throw cause instanceof StorageError ? cause : new StorageError(`${this.#path} is being written by somebody else`, cause);
    } finally {
      limit.clear();
    }
  }

  async #findKey(): Promise<CryptoKey | undefined> {
    if (this.#keychain === undefined) return undefined;
    this.#key ??= this.#loadKey(this.#keychain);
    try {
      return await this.#key;
    } catch (cause) {
      this.#key = undefined;
      throw cause instanceof StorageError ? cause : new StorageError('the keychain cannot be read', cause);
    }
  }

  /** Made by one process, and only once. */
  async #loadKey(keychain: Keychain): Promise<CryptoKey> {
    const held = await this.#alone();
    try {
      let secret = await keychain.get();
      if (secret === undefined) {
        secret = randomBytes(32).toString('base64url');
        await keychain.set(secret);
      }
      const bytes = Buffer.from(secret, 'base64url');
      if (bytes.length !== 32) throw new StorageError('what the keychain keeps is no key of ours');
      return await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
    } finally {
      await held.release();
    }
  }
}

/** Symbolic links are followed, so that one file has one lock, whatever it is called. */
async function realPath(path: string): Promise<string> {
  const folder = dirname(path);
  try {
    if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) await chmod(folder, 0o700);
    const real = await realpath(path).catch(async () => join(await realpath(folder), basename(path)));
    const { mode } = await stat(dirname(real));
    if ((mode & 0o022) !== 0 && (mode & 0o1000) === 0) throw new StorageError(`others may write to ${dirname(real)}`);
    return real;
  } catch (cause) {
    throw cause instanceof StorageError ? cause : new StorageError(`there is no place for ${path}`, cause);
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows has no such thing.
  const handle = await open(folder, 'r').catch(() => undefined);
  try {
    await handle?.sync().catch(() => undefined);
  } finally {
    await handle?.close();
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
