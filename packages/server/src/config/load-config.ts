import { accessSync, constants, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Config } from './config.ts';
import { ConfigError } from './problem.ts';
import { readConfig } from './read-config.ts';
import { MAX_DOCUMENT_BYTES } from './read-document.ts';
import type { Environment } from './substitute.ts';

/**
 * Reads the configuration file at `path` and checks that the files which it names are there.
 * @throws ConfigError where the file cannot be read, is not UTF-8, or is wrong.
 */
export async function loadConfig(path: string, env: Environment): Promise<Config> {
  return readConfig({ text: await readText(path), file: path, env, checkFile: findFileFault });
}

/** Why a file cannot be read, or undefined. */
export function findFileFault(path: string): string | undefined {
  try {
    if (statSync(path).isDirectory()) return 'is a directory';
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return describeFault(error);
  }
}

/** The text of a file that is no larger than a configuration may be. @throws ConfigError as `loadConfig` does. */
export async function readText(path: string): Promise<string> {
  const refuse = (message: string): ConfigError =>
    new ConfigError([{ file: path, line: 0, column: 0, path: '', message, found: '', allowed: [], suggestion: undefined }]);
  const bytes = await readBytes(path).catch((error: unknown) => {
    throw refuse(describeFault(error));
  });
  // Cut short by then, maybe inside a character: not for the decoder to judge.
  if (bytes.length > MAX_DOCUMENT_BYTES) throw refuse('is larger than 1 MiB');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refuse('is not UTF-8 text');
  }
}

/** At most one byte more than is allowed, whatever kind of file it is. */
async function readBytes(path: string): Promise<Uint8Array> {
  const file: FileHandle = await open(path, 'r');
  try {
    const bytes = Buffer.alloc(MAX_DOCUMENT_BYTES + 1);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await file.close();
  }
}

const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'cannot be read: permission denied',
  EPERM: 'cannot be read: permission denied',
  EISDIR: 'is a directory',
};

function describeFault(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return FAULTS[code] ?? `cannot be read${code === '' ? '' : ` (${code})`}`;
}
