import { StoreUnavailable } from '../port.ts';

/**
 * Primary result codes that say that SQLite cannot answer now, whatever was asked: BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR,
 * CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB (https://sqlite.org/rescode.html). Any other is a fault of ours and stays what it is.
 */
const UNAVAILABLE: ReadonlySet<number> = new Set([5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 26]);
const BUSY = 5;

export function isBusy(error: unknown): boolean {
  return resultCode(error) === BUSY;
}

/** `StoreUnavailable` with its cause where the store could not answer, else the error itself. */
export function readFailure(error: unknown): unknown {
  if (isClosed(error)) return new StoreUnavailable('the store is closed', { cause: error });
  const code = resultCode(error);
  if (code === undefined || !UNAVAILABLE.has(code)) return error;
  return new StoreUnavailable(`SQLite cannot answer: ${error instanceof Error ? error.message : code}`, { cause: error });
}

/** What node:sqlite says of a database, or of a statement of one, that has been closed. */
function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_STATE';
}

function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}
