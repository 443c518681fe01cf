import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ClientView, clientLinks, clientName, clientPlate, readReturnPlace } from './client-view.ts';
import { html, renderHtml } from './html.ts';
import { messagesFor } from './messages/locale.ts';

const en = messagesFor('en');
const client: ClientView = { name: 'Field Notes', returnsTo: { kind: 'host', host: 'notes.example' } };
const plate = (more: Partial<ClientView>): string => renderHtml(clientPlate({ ...client, ...more }, en));
const links = (more: Partial<ClientView>): string => renderHtml(html`${clientLinks({ ...client, ...more }, en)}`);

test('a redirect URI is said as a host, or as a program on this device (RFC 8252 §7)', () => {
  assert.deepEqual(readReturnPlace('https://app.example:8443/cb?x'), { kind: 'host', host: 'app.example:8443' });
  assert.deepEqual(readReturnPlace('https://bücher.example/cb'), { kind: 'host', host: 'xn--bcher-kva.example' });
  assert.deepEqual(readReturnPlace('http://127.0.0.1:5000/cb'), { kind: 'device', name: '127.0.0.1:5000' });
  assert.deepEqual(readReturnPlace('http://[::1]:5000/cb'), { kind: 'device', name: '[::1]:5000' });
  assert.deepEqual(readReturnPlace('com.example.app:/cb'), { kind: 'device', name: 'com.example.app' });
  for (const host of ['localhost.evil.example', '127.evil.example', '127.0.0.1.evil.example']) {
    assert.deepEqual(readReturnPlace(`https://${host}/`), { kind: 'host', host });
  }
});

test('a name with markup, line breaks, reordering and ten thousand characters is short plain text beside the true host (RFC 7591 §5)', () => {
  const shown = plate({ name: `<img src=x onerror=alert(1)>\u202e\n${'Bank '.repeat(2000)}` });
  assert.match(shown, /&lt;img src=x onerror=alert\(1\)&gt; Bank/);
  assert.doesNotMatch(shown, /<img|\u202e/);
  assert.ok(shown.length < 700);
  assert.match(shown, /notes\.example/);
});

test('a client without a visible name is called by its host', () => {
  assert.equal(clientName({ ...client, name: ' \u3164 ' }), 'notes.example');
});

test('a logo comes from our own origin, else the first letter of the name stands in', () => {
  assert.match(plate({ logoSrc: '/logos/7' }), /<img class="client-logo" src="\/logos\/7" alt=""/);
  for (const logoSrc of [
    'https://tracker.example/1x1.png',
    'javascript:alert(1)',
    'data:image/svg+xml,<svg onload=1>',
    '//evil.example/x',
  ]) {
    assert.match(plate({ logoSrc }), /client-initial" aria-hidden="true">F</);
    assert.doesNotMatch(plate({ logoSrc }), /<img/);
  }
  assert.match(plate({ name: '“山海”' }), />山</);
  assert.match(plate({ name: '!!' }), />\?</);
});

test('policy and terms show where they lead, and lead to https alone (RFC 7591 §5)', () => {
  const both = links({ policyUri: 'https://notes.example/p', tosUri: 'https://notes.example/t' });
  assert.equal(both.match(/rel="noopener noreferrer"/g)?.length, 2);
  assert.equal(both.match(/<span class="host">notes\.example<\/span>/g)?.length, 1);
  const apart = links({ policyUri: 'https://a.example/p', tosUri: 'https://b.example/t' });
  assert.match(apart, /Privacy policy<\/a> <span class="host">a\.example.*Terms of service<\/a> <span class="host">b\.example/s);
  assert.match(
    links({ policyUri: 'javascript:alert(1)', tosUri: 'https://b.example/t' }),
    /^<p class="links"><a [^>]*>Terms of service<\/a> <span class="host">b\.example<\/span> <\/p>$/,
  );
  for (const address of ['javascript:alert(1)', 'http://b.example/', '/account', 'data:text/html,x', ''])
    assert.equal(links({ policyUri: address, tosUri: address }), '');
});
