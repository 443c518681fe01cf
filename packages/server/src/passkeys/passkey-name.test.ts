import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultPasskeyName, readPasskeyName } from './passkey-name.ts';

test('a passkey is called what its owner calls it, without what cannot be seen, and by its browser and system otherwise', () => {
  assert.equal(readPasskeyName(' Work\u202e\t key\n', 'x'), 'Work key');
  assert.equal(readPasskeyName('\u200b', 'x'), 'x');
  assert.equal(readPasskeyName(undefined, 'x'), 'x');
  assert.equal(readPasskeyName('钥'.repeat(99), 'x'), '钥'.repeat(64));
  assert.equal(readPasskeyName('a\ud800b', 'x'), 'a\ufffdb');
  const windows = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36';
  const phone =
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';
  assert.equal(defaultPasskeyName(windows), 'Chrome · Windows');
  assert.equal(defaultPasskeyName(phone), 'Safari · iOS');
  for (const none of [undefined, '', 'x', ['a', 'b']]) assert.match(defaultPasskeyName(none), /^\S.*$/);
});
