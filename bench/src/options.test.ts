import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions } from './options.ts';
import { SCENARIOS } from './scenarios.ts';

test('without options everything runs for three rounds of five seconds', () => {
  const options = readOptions([]);
  assert.deepEqual([options.scenarios, options.rounds, options.seconds, options.warmupSeconds], [SCENARIOS, 3, 5, 2]);
  assert.equal(options.peers.length, 2);
  assert.equal(options.json, undefined);
});

test('scenarios, peers and times can be chosen', () => {
  const options = readOptions([
    '--scenario',
    'refresh',
    '--scenario',
    'jwks',
    '--peers',
    'none',
    '--seconds',
    '0.5',
    '--rounds',
    '1',
    '--json',
    'f',
  ]);
  assert.deepEqual(
    options.scenarios.map(({ name }) => name),
    ['refresh', 'jwks'],
  );
  assert.deepEqual([options.peers, options.seconds, options.rounds, options.json], [[], 0.5, 1, 'f']);
});

test('what cannot be run is refused with what is allowed', () => {
  assert.throws(() => readOptions(['--scenario', 'refersh']), /one of client_credentials_es256/);
  assert.throws(() => readOptions(['--peers', 'some']), /all, none, memory or postgres/);
  for (const flag of ['--seconds', '--rounds', '--warmup']) assert.throws(() => readOptions([flag, '0']), new RegExp(flag));
  assert.throws(() => readOptions(['--rounds', '1.5']), /whole number/);
});
