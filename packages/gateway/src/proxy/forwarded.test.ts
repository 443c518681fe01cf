import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forwardedHeaders, readOrigin } from './forwarded.ts';

const TOLD = ['X-Forwarded-For', '6.6.6.6, 9.9.9.9, 10.0.0.2:443', 'X-Forwarded-Proto', 'https'];
const isTrusted = (address: string): boolean => address.startsWith('10.');

test('GTW-05 · what a proxy tells counts from those that are trusted, and nobody is by himself', () => {
  const peer = (address: string) => ({ address, isEncrypted: false });
  assert.deepEqual(readOrigin(TOLD, peer('1.2.3.4'), isTrusted), { address: '1.2.3.4', scheme: 'http' });
  assert.deepEqual(
    readOrigin(TOLD, peer('10.0.0.1'), () => false),
    { address: '10.0.0.1', scheme: 'http' },
  );
  assert.deepEqual(readOrigin(TOLD, peer('::ffff:10.0.0.1'), isTrusted), { address: '9.9.9.9', scheme: 'https' });
  assert.deepEqual(readOrigin(['x-forwarded-for', 'evil'], peer('10.0.0.1'), isTrusted), { address: '10.0.0.1', scheme: 'http' });
  assert.deepEqual(readOrigin(['x-forwarded-proto', 'javascript'], { address: '10.0.0.1', isEncrypted: true }, isTrusted), {
    address: '10.0.0.1',
    scheme: 'https',
  });
  assert.deepEqual(
    readOrigin(['x-forwarded-for', '7.7.7.7', 'X-Forwarded-For', '8.8.8.8'], peer('10.0.0.1'), isTrusted).address,
    '8.8.8.8',
  );
});

test('what an upstream is told of it is written anew (RFC 7239 §4)', () => {
  assert.deepEqual(
    forwardedHeaders({ address: '2001:db8::1', scheme: 'https' }, 'app.example'),
    [
      ['x-forwarded-for', '2001:db8::1', 'x-forwarded-proto', 'https', 'x-forwarded-host', 'app.example'],
      ['forwarded', 'for="[2001:db8::1]";proto=https;host="app.example"'],
    ].flat(),
  );
  assert.equal(forwardedHeaders({ address: '1.2.3.4', scheme: 'http' }, 'a')[7], 'for=1.2.3.4;proto=http;host="a"');
});
