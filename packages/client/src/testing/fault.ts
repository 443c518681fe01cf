import assert from 'node:assert/strict';
import { ClientError, type FaultKind } from '../client-error.ts';

/** For `assert.rejects`: a failure of this kind and with this code. */
export function isFault(kind: FaultKind, code: string): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof ClientError, String(error));
    assert.deepEqual([error.kind, error.code], [kind, code], error.message);
    return true;
  };
}
