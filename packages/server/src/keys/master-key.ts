import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  randomFillSync,
} from 'node:crypto';
import { closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The key that encrypts private keys at rest: 32 bytes as base64url, from `HUFU_MASTER_KEY` or from `<data_dir>/master.key` (mode 0600).
 * A database alone, or a backup of it, signs nothing.
 */
export interface MasterKey {
  /** AES-256-GCM: nonce ‖ ciphertext ‖ tag. `context` is authenticated: what was sealed for one place opens nowhere else. */
  seal(plain: Uint8Array, context: string): Uint8Array;
  /** Throws `MasterKeyError` where the key is another one or the bytes were changed. */
  open(sealed: Uint8Array, context: string): Uint8Array;
  /** HMAC-SHA-256 as base64url, under a key of its own for each `purpose`. */
  mac(text: string, purpose: string): string;
}

export class MasterKeyError extends Error {
  override readonly name = 'MasterKeyError';
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const NONCES_DRAWN = 256;

export function masterKey(material: Uint8Array): MasterKey {
  if (material.length !== 32) throw new MasterKeyError('the master key must be 32 bytes, base64url');
  const key: KeyObject = createSecretKey(Buffer.from(hkdfSync('sha256', material, '', 'hufu keys at rest', 32)));
  const macKeys = new Map<string, Buffer>();
  const nextNonce = nonceSource();
  return {
    mac(text, purpose) {
      let own = macKeys.get(purpose);
      if (own === undefined) macKeys.set(purpose, (own = Buffer.from(hkdfSync('sha256', material, '', `hufu mac ${purpose}`, 32))));
      return createHmac('sha256', own).update(text).digest('base64url');
    },
    seal(plain, context) {
      const nonce = nextNonce();
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed, context) {
      try {
        const bytes = Buffer.from(sealed);
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES)).setAAD(Buffer.from(context));
        decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
        return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES)), decipher.final()]);
      } catch (cause) {
        throw new MasterKeyError('the keys in the database were encrypted under another master key (HUFU_MASTER_KEY or master.key)', {
          cause,
        });
      }
    },
  };
}

/** Chance for so many nonces is drawn at once: for one alone it costs as much as what is encrypted under it. Each is used once and at once, and none is a secret. */
function nonceSource(): () => Uint8Array {
  const drawn = Buffer.allocUnsafeSlow(NONCES_DRAWN * NONCE_BYTES);
  let at = drawn.length;
  return () => {
    if (at === drawn.length) {
      randomFillSync(drawn);
      at = 0;
    }
    at += NONCE_BYTES;
    return drawn.subarray(at - NONCE_BYTES, at);
  };
}

/**
 * Finds the master key or, where the database holds no keys yet, makes one. A missing key beside a database that has keys is refused:
 * new keys would silently orphan every token (CRY-06).
 */
export function findMasterKey(environment: string | undefined, dataDirectory: string, databaseHasKeys: boolean): MasterKey {
  if (environment !== undefined && environment !== '') return masterKey(readMaterial(environment, 'HUFU_MASTER_KEY'));
  const file = join(dataDirectory, 'master.key');
  if (existsSync(file)) return masterKey(readMaterial(readFileSync(file, 'utf8').trim(), file));
  if (databaseHasKeys) {
    throw new MasterKeyError(
      `the database holds encrypted keys, but neither HUFU_MASTER_KEY nor ${file} is there; restore it from your backup`,
    );
  }
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  makeKeyFile(file);
  return masterKey(readMaterial(readFileSync(file, 'utf8').trim(), file));
}

/**
 * All of it or nothing, and never over another: of processes that start together in one folder each goes on with the same key. On the disk
 * before anything is encrypted under it.
 */
function makeKeyFile(file: string): void {
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  try {
    writeFileSync(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx', flush: true });
    linkSync(draft, file);
    flushDirectory(dirname(file));
  } catch (error) {
    // Somebody else was faster.
    if (!existsSync(file)) throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function flushDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function readMaterial(text: string, where: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== 32 || bytes.toString('base64url') !== text)
    throw new MasterKeyError(`${where} must be 32 bytes as base64url (43 characters)`);
  return bytes;
}
