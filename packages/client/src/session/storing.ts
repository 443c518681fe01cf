import { SessionError } from './session-error.ts';

/** What is read from a storage, or written to it. Whatever it rejects with is a `SessionError` from here on, or a `TypeError`. */
export async function storing<Value>(promise: Promise<Value>): Promise<Value> {
  try {
    return await promise;
  } catch (cause) {
    // A mistake of the program does not go away by trying again.
    throw cause instanceof SessionError || cause instanceof TypeError
      ? cause
      : new SessionError('storage_unavailable', 'what is kept cannot be read or written now', { cause });
  }
}
