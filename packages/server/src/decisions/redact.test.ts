import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginningOf, redact } from './redact.ts';

test('credentials and JWTs are cut out of a text, and nothing else is (attacks CRY-01)', () => {
  const token = `hfr_${'A'.repeat(64)}`;
  assert.equal(redact(`asked for https://app.example/cb?token=${token}&x=1`), 'asked for https://app.example/cb?token=[credential]&x=1');
  assert.equal(redact(`${token}, ${token}`), '[credential], [credential]');
  assert.equal(redact('at /x/eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2ln/y'), 'at /x/[credential]/y');
  for (const plain of [
    '',
    'hfr_',
    'the prefix hfa_ alone',
    'hfx_AAAAAAAAAAAAAAAAAAAAAAAA',
    'eyJ',
    'openid profile',
    'https://app.example/cb',
  ]) {
    assert.equal(redact(plain), plain);
  }
});

test('of an id that nobody has, only the beginning is kept (attacks CRY-01)', () => {
  assert.equal(beginningOf('web'), 'web');
  assert.equal(beginningOf('frontend1'), 'frontend1');
  assert.equal(beginningOf('third-secret-0123456789'), 'third-se…');
});
