import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { passwords } from './passwords.ts';

const all = passwords();
after(() => all.close());

test('a hash with weaker parameters is outdated, one with stronger ones is not: nothing is ever made weaker (attacks CRY-08, RFC 9106 §4)', async () => {
  const end = '$bm9ib2R5IGhhcyB0aGlz$J8n1Jm1R5qgyQXhYJ8q3pP0o1nXh1mVnQ2xq0d8mJtM';
  for (const weak of ['m=19456,t=1,p=1', 'm=8,t=1,p=1', 'm=4096,t=64,p=1', 'm=16384,t=2,p=4']) assert.equal(all.isOutdated(`$argon2id$v=19$${weak}${end}`), true, weak);
  for (const strong of ['m=19456,t=2,p=1', 'm=65536,t=3,p=4', 'm=47104,t=1,p=1', 'm=1048576,t=64,p=1']) {
    assert.equal(all.isOutdated(`$argon2id$v=19$${strong}${end}`), false, strong);
  }
  for (const other of ['', '$2b$10$abc', '$argon2i$v=19$m=65536,t=3,p=4$x$y']) assert.equal(all.isOutdated(other), true, other);
  const fresh = await all.hash('a password');
  assert.equal(all.isOutdated(fresh), false);
  assert.equal(await all.verify(fresh, 'a password'), true);
  assert.equal(await all.verify(fresh, 'another'), false);
  assert.equal(await all.verify(undefined, 'a password'), false);
});
