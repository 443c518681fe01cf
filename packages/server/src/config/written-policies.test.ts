import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policiesShape } from './policies-shape.ts';
import { readConfig } from './read-config.ts';
import { policyPlaces } from './written-policies.ts';

const written = (text: string, env: Record<string, string> = {}) => readConfig({ text, file: 'hufu.yaml', env }).writtenPolicies;

test('every policy has a place, a sentence, and what holds where nothing is written', () => {
  const places = policyPlaces(policiesShape.schema);
  assert.ok(places.length > 30, String(places.length));
  assert.ok(places.every(({ doc }) => /^\S.*\S$/.test(doc)));
  const usual = new Map(places.map((place) => [place.path, place.usual]));
  assert.deepEqual(
    [usual.get('passwords.min_length'), usual.get('refresh_tokens.overlap'), usual.get('sign_in.methods'), usual.get('bot_check')],
    [15, '60s', ['password', 'passkey'], undefined],
  );
  assert.ok(usual.has('bot_check') && !usual.has('passwords'));
});

test('what the file sets is told as it is written, with its line', () => {
  assert.deepEqual(written(''), []);
  const found = written('policies:\n  sign_up: open\n  passwords:\n    min_length: 20\n  sessions: { absolute: "${LONG}" }\n', {
    LONG: '7d',
  });
  assert.deepEqual(
    found.toSorted((one, other) => one.line - other.line),
    [
      { path: 'sign_up', value: 'open', line: 2 },
      { path: 'passwords.min_length', value: 20, line: 4 },
      { path: 'sessions.absolute', value: '7d', line: 5 },
    ],
  );
});

test('a secret is told as a word, wherever it comes from (attacks ADM-18)', () => {
  const canary = 'canary-0123456789';
  for (const value of [canary, '${BOT_SECRET}']) {
    const found = written(`policies: { bot_check: { kind: turnstile, site_key: k, secret: "${value}" } }`, { BOT_SECRET: canary });
    assert.deepEqual(found, [{ path: 'bot_check', value: { kind: 'turnstile', site_key: 'k', secret: '[secret]' }, line: 1 }]);
  }
});
