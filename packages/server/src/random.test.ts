import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandom } from './random.ts';

test('random text is base64url of the asked length, and never the same twice, over many pools (RFC 6749 §10.10)', () => {
  const random = systemRandom();
  const seen = new Set<string>();
  for (let i = 0; i < 5_000; i++) {
    const text = random.text(24);
    assert.match(text, /^[\w-]{24}$/);
    seen.add(text);
  }
  assert.equal(seen.size, 5_000);
});

test('every character is used at every place', () => {
  const random = systemRandom();
  const places = Array.from({ length: 24 }, () => new Set<string>());
  for (let i = 0; i < 3_000; i++) for (const [place, character] of [...random.text(24)].entries()) places[place]?.add(character);
  for (const place of places) assert.equal(place.size, 64);
});

test('lengths that the pool cannot serve whole are a mistake of ours', () => {
  const random = systemRandom();
  for (const length of [0, 3, 5, 22, 68, -4, 1.5, Number.NaN]) assert.throws(() => random.text(length), TypeError, String(length));
  for (const length of [4, 8, 12, 24, 64]) assert.equal(random.text(length).length, length);
});

test('two sources share nothing', () => {
  assert.notEqual(systemRandom().text(24), systemRandom().text(24));
});
