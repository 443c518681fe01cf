import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDocumentId } from './document-id.ts';

test('the address of a document is https with a path, as browsers write it (OAuth Client ID Metadata Document §3, attacks REG-12)', () => {
  for (const id of [
    'https://a.example/client',
    'https://a.example/',
    'https://a.example:8443/x/y.json',
    'https://a.example/c?v=1',
    'https://xn--bcher-kva.example/c',
  ])
    assert.equal(isDocumentId(id, []), id !== 'https://a.example/', id);
  for (const id of [
    'http://a.example/client',
    'https://a.example',
    'https://a.example?x=1',
    'https://a.example/?x=1',
    'https://a.example/client#',
    'https://a.example/client#x',
    'https://a.example/client?',
    'https://u@a.example/client',
    'https://u:p@a.example/client',
    'https://a.example/./client',
    'https://a.example/x/../client',
    'https://a.example/x/%2e%2e/client',
    'https://a.example/%2E/client',
    'https://a.example/..',
    'https://A.example/client',
    'HTTPS://a.example/client',
    'https://a.example:443/client',
    'https://a.example:0443/client',
    'https:a.example/client',
    'https:///a.example/client',
    'https://a.example\\client',
    'https://a.example/cl ient',
    'https://a.example/cl"ient',
    'https://a.example/cl<ient',
    'https://bücher.example/c',
    'https://0x7f000001/c',
    'https://127.1/c',
    'https://a..example/c',
    'https://%61.example/c',
    'ftp://a.example/client',
    'client',
    '',
  ])
    assert.equal(isDocumentId(id, [{ kind: 'host', host: 'a.example' }]), false, id);
});

test('a client on this very machine may do without https where its host is exempt', () => {
  const allow = [{ kind: 'network', network: { address: '127.0.0.1', prefixLength: 32, family: 'ipv4' } }] as const;
  assert.equal(isDocumentId('http://localhost:3000/client', [{ kind: 'host', host: 'localhost' }]), true);
  assert.equal(isDocumentId('http://127.0.0.1:3000/client', allow), true);
  assert.equal(isDocumentId('http://127.0.0.1:3000/client', []), false);
  assert.equal(isDocumentId('http://localhost:3000/client', allow), false);
  assert.equal(isDocumentId('http://10.0.0.1/client', [{ kind: 'host', host: '10.0.0.1' }]), false);
});
