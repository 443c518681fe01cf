import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { CHEAP_HASH, PASSWORD } from '../testing/world.ts';
import { passwords } from './passwords.ts';

const all = passwords();
after(() => all.close());

test('a hash with weaker parameters is outdated, one with stronger ones is not: nothing is ever made weaker (attacks CRY-08, RFC 9106 §4)', async () => {
  const end = '$bm9ib2R5IGhhcyB0aGlz$J8n1Jm1R5qgyQXhYJ8q3pP0o1nXh1mVnQ2xq0d8mJtM';
  for (const weak of ['m=19456,t=1,p=1', 'm=8,t=1,p=1', 'm=4096,t=64,p=1', 'm=16384,t=2,p=4'])
    assert.equal(all.isOutdated(`$argon2id$v=19$${weak}${end}`), true, weak);
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

test('the hash is Argon2id with the parameters that are current, and salted each time (RFC 9106 §3.1)', async () => {
  const [one, other] = [await all.hash('same'), await all.hash('same')];
  assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.notEqual(one, other);
});

test('other parameters verify by what the hash says, whole texts only, letter for letter (attacks CRY-08)', async () => {
  assert.equal(await all.verify(CHEAP_HASH, PASSWORD), true);
  for (const wrong of ['', ' open sesame', 'open sesame\0', 'Open sesame', `${PASSWORD} `])
    assert.equal(await all.verify(CHEAP_HASH, wrong), false, wrong);
  const unicode = await all.hash('pässwörd🔑');
  assert.equal(await all.verify(unicode, 'pässwörd🔑'), true);
  assert.equal(await all.verify(unicode, 'p\u0061\u0308sswörd🔑'), false);
});

test('a hash that does not read is our fault, not a wrong password', async () => {
  await assert.rejects(all.verify('$argon2id$broken', 'x'), TypeError);
});

test('at most 64 wait, an unknown user takes a place as a known one does, and the next is sent away for a second (attacks USR-01)', async () => {
  const own = passwords();
  const waiting = [...Array.from({ length: 63 }, () => own.verify(CHEAP_HASH, 'x')), own.verify(undefined, 'x')];
  await assert.rejects(own.verify(undefined, 'x'), { code: 'temporarily_unavailable', retryAfterSeconds: 1 });
  await assert.rejects(own.hash('x'), { code: 'temporarily_unavailable' });
  assert.deepEqual(new Set(await Promise.all(waiting)), new Set([false]));
  assert.equal(await own.verify(CHEAP_HASH, PASSWORD), true, 'and then there is room again');
  await own.close();
});

test('who waits when the server stops is answered, and hears that it was not their password', async () => {
  const own = passwords();
  const waiting = own.verify(undefined, 'x');
  const refused = assert.rejects(waiting, { code: 'temporarily_unavailable' });
  await own.close();
  await refused;
  await own.close();
});

test('the dearest hash that was checked is known by what it took, whoever it was for (attacks USR-02)', async () => {
  const own = passwords();
  assert.equal(own.dearestMs(), 0);
  await own.verify(CHEAP_HASH, 'x');
  // Nothing, where the system counts in ticks.
  const cheap = own.dearestMs();
  await own.verify(`$pbkdf2-sha256$i=400000$${'A'.repeat(22)}$${'A'.repeat(43)}`, 'x');
  const dear = own.dearestMs();
  assert.ok(dear > 20 && dear > 2 * cheap, `${dear} and ${cheap}`);
  await own.verify(CHEAP_HASH, 'x');
  assert.equal(own.dearestMs(), dear);
  await own.close();
});
