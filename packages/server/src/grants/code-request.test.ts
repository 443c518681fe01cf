import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CodeRequest, readCodeRequest, writeCodeRequest } from './code-request.ts';

const REQUEST: CodeRequest = {
  redirectUri: 'https://app.example/cb',
  codeChallenge: 'c',
  nonce: 'n',
  refresh: true,
  boundKey: undefined,
  sessionExpiresAt: 7,
};

test('what an authorization request leaves for the exchange comes back as it went, through JSON too (RFC 6749 §4.1.3)', () => {
  for (const request of [REQUEST, { ...REQUEST, nonce: undefined, refresh: false }]) {
    assert.deepEqual(readCodeRequest(JSON.parse(JSON.stringify(writeCodeRequest(request)))), request);
  }
});

test('anything else in its place is a mistake of ours', () => {
  for (const broken of [
    undefined,
    {},
    { ...REQUEST, refresh: 'yes' },
    { ...REQUEST, redirectUri: undefined },
    { ...REQUEST, sessionExpiresAt: '7' },
    { ...REQUEST, codeChallenge: 7 },
  ]) {
    assert.throws(() => readCodeRequest(broken), TypeError);
  }
});
