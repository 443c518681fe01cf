import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { StoreUnavailable } from '../port.ts';
import { isConflict, toStoreError } from './unavailable.ts';

function databaseError(code: string): pg.DatabaseError {
  const error = new pg.DatabaseError(`code ${code}`, 0, 'error');
  error.code = code;
  return error;
}

test('what says that the server cannot answer is StoreUnavailable, with its cause', () => {
  // connection lost, too many connections, disk full, shutting down, statement timeout, lock timeout, read only, wrong password, I/O error
  for (const code of [
    '08006',
    '53300',
    '53100',
    '57P01',
    '57P02',
    '57P03',
    '57014',
    '55P03',
    '25006',
    '28P01',
    '58030',
    'XX000',
    '40P01',
  ]) {
    const cause = databaseError(code);
    const error = toStoreError(cause);
    assert.ok(error instanceof StoreUnavailable, code);
    assert.equal(error.cause, cause);
  }
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  for (const cause of [refused, new Error('Connection terminated unexpectedly'), new Error('Query read timeout')]) {
    assert.ok(toStoreError(cause) instanceof StoreUnavailable);
  }
});

test('a statement of ours that is wrong stays what it is, and so does misuse', () => {
  for (const code of ['23505', '42601', '42P01', '22021', '22003', '0A000', '21000']) {
    const error = databaseError(code);
    assert.equal(toStoreError(error), error);
  }
  const misuse = new TypeError('no client');
  assert.equal(toStoreError(misuse), misuse);
});

test('only serialization failures and deadlocks are tried again', () => {
  assert.ok(isConflict(databaseError('40001')) && isConflict(databaseError('40P01')));
  for (const error of [databaseError('57014'), databaseError('23505'), new Error('Connection terminated'), undefined])
    assert.ok(!isConflict(error));
});
