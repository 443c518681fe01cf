import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock, settle } from './fake-clock.ts';

/** What takes a thread of its own longer than many turns of the event loop, and leads to more of it. */
async function slowly(): Promise<void> {
  const key = await crypto.subtle.importKey('raw', new Uint8Array(8), 'PBKDF2', false, ['deriveBits']);
  for (let round = 0; round < 2; round++)
    await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: new Uint8Array(8), iterations: 100_000 }, key, 256);
}

test('nothing has come to rest while WebCrypto owes anybody an answer, however late its thread is', async () => {
  let done = 'not yet';
  void slowly().then(() => {
    done = 'done';
  });
  await settle();
  assert.equal(done, 'done');
});

test('the clock does not go on before that', async () => {
  const clock = new FakeClock();
  const started = clock.progressMs();
  const at: number[] = [];
  clock.after(1_000, 'nothing', () => void slowly().then(() => at.push(clock.progressMs() - started)));
  void slowly().then(() => at.push(clock.progressMs() - started));
  await clock.advance(5_000);
  assert.deepEqual(at, [0, 1_000]);
});

test('a refusal is an answer too, and comes as it did before it was counted', async () => {
  const refused = crypto.subtle.digest('none', new Uint8Array(1));
  let said: unknown;
  refused.catch((error: unknown) => {
    said = error;
  });
  await settle();
  assert.ok(said instanceof DOMException);
  assert.equal(said.name, 'NotSupportedError');
});
