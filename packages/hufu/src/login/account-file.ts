import { mkdir, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { RefusedError } from '../command.ts';
import { writePrivately } from '../write-privately.ts';

/** Somebody who is signed in to an issuer from this machine. */
export interface Account {
  readonly issuer: string;
  readonly clientId: string;
  readonly accessToken: string;
  readonly tokenType: string;
  /** Seconds since 1970. */
  readonly expiresAt: number;
  readonly refreshToken: string | undefined;
  readonly scope: string;
}

/** Accounts by issuer, and the one that was signed in to last. */
export interface Accounts {
  readonly current: string | undefined;
  readonly all: readonly Account[];
}

/** Longer than a renewal takes, and than the lock of a process that cannot be asked whether it lives. */
const LOCK_WAIT_MS = 90_000;
const MAX_BYTES = 1_048_576;

/** Where the accounts of this user are: `$XDG_CONFIG_HOME/hufu`, `%APPDATA%\hufu`, or `~/.config/hufu`. */
export function accountFile(env: Readonly<Record<string, string | undefined>>): string {
  const home = env['XDG_CONFIG_HOME'] ?? env['APPDATA'] ?? join(env['HOME'] ?? homedir(), '.config');
  return join(home, 'hufu', 'accounts.json');
}

/** None where there is no file. Throws `RefusedError` for one that others can read, or that does not read. */
export async function readAccounts(file: string): Promise<Accounts> {
  const found = await stat(file).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (found === undefined) return { current: undefined, all: [] };
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0)
    throw new RefusedError(`${file} can be read by others: it holds tokens. chmod 600 it, or sign out and in again`);
  if (found.size > MAX_BYTES) throw new RefusedError(`${file} is too large to be ours`);
  return parse(file, await readFile(file, 'utf8'));
}

/** Replaces the file in one step: whoever reads sees the old accounts or the new ones, and nobody else sees either. */
export async function writeAccounts(file: string, { current, all }: Accounts): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writePrivately(file, `${JSON.stringify({ current, accounts: all.map(toWire) }, null, 2)}\n`);
}

/** Lets one process of this user in at a time. Throws `RefusedError` where that takes too long, or where no lock can be made. */
export async function withLock<T>(file: string, act: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  // Here, so that a server that starts does not load it.
  const { FileLock } = await import('@hufu/client/node/file-lock');
  const limit = AbortSignal.timeout(LOCK_WAIT_MS);
  const held = await new FileLock(file).acquire(file, limit).catch((error: Error) => {
    throw new RefusedError(limit.aborted ? `another hufu has held ${file}.lock for ${LOCK_WAIT_MS / 1_000} seconds` : error.message);
  });
  try {
    return await act();
  } finally {
    await held.release();
  }
}

function parse(file: string, text: string): Accounts {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RefusedError(`${file} is not JSON; remove it and sign in again`);
  }
  const { current, accounts }: Readonly<Record<string, unknown>> = Object(value);
  const all = (Array.isArray(accounts) ? accounts : []).flatMap((one: unknown) => fromWire(one) ?? []);
  return { current: typeof current === 'string' ? current : undefined, all };
}

function toWire(account: Account): object {
  return {
    issuer: account.issuer,
    client_id: account.clientId,
    access_token: account.accessToken,
    token_type: account.tokenType,
    expires_at: account.expiresAt,
    refresh_token: account.refreshToken,
    scope: account.scope,
  };
}

function fromWire(value: unknown): Account | undefined {
  const one: Readonly<Record<string, unknown>> = Object(value);
  const { issuer, client_id: clientId, access_token: accessToken, token_type: tokenType, expires_at: expiresAt, scope } = one;
  if (typeof issuer !== 'string' || typeof clientId !== 'string' || typeof accessToken !== 'string' || typeof expiresAt !== 'number')
    return undefined;
  const refreshToken = one['refresh_token'];
  return {
    issuer,
    clientId,
    accessToken,
    tokenType: typeof tokenType === 'string' ? tokenType : 'Bearer',
    expiresAt,
    refreshToken: typeof refreshToken === 'string' ? refreshToken : undefined,
    scope: typeof scope === 'string' ? scope : '',
  };
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
