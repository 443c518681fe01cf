import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lazyRenewer } from './lazy-renewer.ts';
import { readFailure } from './session/outcome.ts';
import type { Renewer } from './session/renewer.ts';

const renewer: Renewer = {
  refresh: async (token) => ({ refreshed: token }),
  validate: async () => ({ accessToken: 'at', tokenType: 'Bearer' }),
  revoke: async () => undefined,
};
const signal = new AbortController().signal;

test('what renews is loaded at once, and once', async () => {
  let loads = 0;
  const lazy = lazyRenewer(async () => {
    loads += 1;
    return renewer;
  });
  assert.equal(loads, 1);
  assert.deepEqual(await Promise.all([lazy.refresh('a', { signal }), lazy.refresh('b', { signal })]), [
    { refreshed: 'a' },
    { refreshed: 'b' },
  ]);
  assert.equal((await lazy.validate({}, { v: 1, rev: 1, session: 's', access: {} })).accessToken, 'at');
  await lazy.revoke('a');
  assert.equal(loads, 1);
});

test('where it cannot be loaded, a session reads that nothing was asked of the server, and it is tried anew', async () => {
  let isThere = false;
  const lazy = lazyRenewer(async () => {
    if (!isThere) throw new TypeError('Failed to fetch dynamically imported module');
    return renewer;
  });
  const failure = await lazy.refresh('a', { signal }).then(() => assert.fail('it was asked'), readFailure);
  assert.equal(failure.kind, 'busy');
  isThere = true;
  assert.deepEqual(await lazy.refresh('a', { signal }), { refreshed: 'a' });
});
