import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readForm } from '@hufu/protocol/form';
import { checkDpopJkt } from './check-dpop-jkt.ts';

const KEY = 'k'.repeat(43);

test('the key of a code is the one that is named, or the one of the proof that came along (RFC 9449 §10, §10.1)', () => {
  assert.equal(checkDpopJkt(readForm(''), undefined), undefined);
  assert.equal(checkDpopJkt(readForm(`dpop_jkt=${KEY}`), undefined), `jkt:${KEY}`);
  assert.equal(checkDpopJkt(readForm(''), `jkt:${KEY}`), `jkt:${KEY}`);
  assert.equal(checkDpopJkt(readForm(`dpop_jkt=${KEY}`), `jkt:${KEY}`), `jkt:${KEY}`);
});

test('a thumbprint that is none, and one that is not of the proof, are refused (RFC 9449 §10.1, attacks AUT-46)', () => {
  for (const text of ['x', `${KEY}k`, `${KEY.slice(1)}=`, `${KEY.slice(1)}:`])
    assert.throws(() => checkDpopJkt(readForm(`dpop_jkt=${text}`), undefined), { code: 'invalid_request' });
  for (const proven of [`jkt:${'j'.repeat(43)}`, `x5t#S256:${KEY}`])
    assert.throws(() => checkDpopJkt(readForm(`dpop_jkt=${KEY}`), proven), { code: 'invalid_dpop_proof' });
});
