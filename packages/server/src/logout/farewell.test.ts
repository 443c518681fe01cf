import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { openWorld } from '../testing/world.ts';
import { type Farewell, readFarewell, writeFarewell } from './farewell.ts';

const world = await openWorld();
after(() => world.close());

const FAREWELL: Farewell = {
  startedMs: world.clock.nowMs(),
  clientId: 'spa',
  redirectTo: 'https://app.example/out?state=%C3%A4',
  told: [{ clientId: clientId('web'), sid: 'abc' }],
};

test('what is left to do after a sign-out comes back as it was, in the browser that it was given to, for ten minutes', () => {
  const text = writeFarewell(world.ctx, FAREWELL, 'browser-1');
  const read = (candidate: string, browser = 'browser-1', laterMs = 0): Farewell | undefined =>
    readFarewell(world.ctx, candidate, browser, FAREWELL.startedMs + laterMs);
  assert.deepEqual(read(text), FAREWELL);
  assert.deepEqual(read(text, 'browser-1', 599_999), FAREWELL);
  assert.equal(read(text, 'browser-1', 600_000), undefined);
  assert.equal(read(text, 'browser-2'), undefined, 'of another browser');
});

test('nobody makes up where a sign-out leads, or whom it tells (RFC 9700 §4.11)', () => {
  const text = writeFarewell(world.ctx, FAREWELL, 'b');
  const [body = '', seal = ''] = text.split('.');
  const other = Buffer.from(JSON.stringify([FAREWELL.startedMs, '', 'https://evil.test/', []])).toString('base64url');
  for (const bad of [
    '',
    'x',
    '.',
    `${other}.${seal}`,
    `${body}.`,
    `${body}.${seal.slice(1)}`,
    `${body}x.${seal}`,
    `${'x'.repeat(8_000)}.${seal}`,
  ])
    assert.equal(readFarewell(world.ctx, bad, 'b', FAREWELL.startedMs), undefined, bad.slice(0, 30));
});
