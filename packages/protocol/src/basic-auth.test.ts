import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isBasic, readBasicCredentials } from './basic-auth.ts';

/** Any code points, half of them ASCII; also lone surrogates. */
const anyText = fc.array(fc.oneof(fc.nat(0x7f), fc.nat(0x10ffff)), { maxLength: 60 }).map((codes) => String.fromCodePoint(...codes));
const basic = (plain: string | Uint8Array) => `Basic ${Buffer.from(plain).toString('base64')}`;
const formEncode = (text: string) => new URLSearchParams([['', text]]).toString().slice(1);

test('Basic carries the form-encoded id and secret (RFC 6749 §2.3.1)', () => {
  // RFC 6749 §2.3.1
  assert.deepEqual(readBasicCredentials('Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3'), {
    clientId: 's6BhdRkqt3',
    clientSecret: '7Fjfp0ZBr1KtDRbnfVdmIw',
  });
  assert.deepEqual(readBasicCredentials(basic('a%3Ab:c%3Ad%2Be+f%25')), { clientId: 'a:b', clientSecret: 'c:d+e f%' });
  assert.deepEqual(readBasicCredentials(basic('https%3A%2F%2Fapp.example%2Fclient:s')), {
    clientId: 'https://app.example/client',
    clientSecret: 's',
  });
});

test('the first colon parts id and secret; the secret may be empty (RFC 7617 §2)', () => {
  assert.deepEqual(readBasicCredentials(basic('id:a:b:')), { clientId: 'id', clientSecret: 'a:b:' });
  assert.deepEqual(readBasicCredentials(basic('id:')), { clientId: 'id', clientSecret: '' });
});

test('the scheme is written in any case, before one or more spaces (RFC 9110 §11.4)', () => {
  for (const scheme of ['Basic ', 'basic ', 'BASIC ', 'Basic   ']) assert.equal(readBasicCredentials(`${scheme}aWQ6cw==`)?.clientId, 'id');
  for (const other of ['Basic\taWQ6cw==', 'Basi aWQ6cw==', 'BasicaWQ6cw==', 'Bearer aWQ6cw==', ' Basic aWQ6cw==', 'aWQ6cw==', ''])
    assert.equal(readBasicCredentials(other), undefined, other);
  assert.equal(isBasic('BASIC x'), true);
  assert.equal(isBasic('Basic'), true);
  assert.equal(isBasic('Basically x'), false);
});

test('loose base64 is not decoded (RFC 6749 §2.3.1, RFC 4648 §3.5)', () => {
  for (const loose of [
    'aWQ6cw',
    'aWQ6cw=',
    'aWQ6cw===',
    'aWQ6cx==',
    'aWQ6cw== ',
    'aWQ6 cw==',
    'aWQ6\ncw==',
    'aWQ6cw==x',
    'aWQ6cw==,',
    'aW-6_w==',
    'aWQ6cw==aWQ6cw==',
    '====',
    'é',
    'aWQ6cw\0=',
    '',
  ]) {
    assert.equal(readBasicCredentials(`Basic ${loose}`), undefined, loose);
  }
});

test('malformed credentials are undefined: no colon, bad id, bad escapes, bytes that form encoding never makes (RFC 6749 §2.3.1)', () => {
  const malformed = [
    '',
    'id',
    ':secret',
    ':',
    'a%20b:s',
    'i\0d:s',
    '%00:s',
    '%C3%A9:s',
    'id:%',
    'id:%4',
    'id:%zz',
    'id:%FF',
    '%FF:s',
    'id:é',
    'é:s',
    'id:\x7f',
    'id:a\nb',
    'a+b:s',
    `${'a'.repeat(256)}:s`,
  ];
  for (const plain of malformed) assert.equal(readBasicCredentials(basic(plain)), undefined, JSON.stringify(plain));
  assert.equal(readBasicCredentials(basic(Uint8Array.of(0x69, 0x64, 0x3a, 0xff, 0xfe))), undefined);
  assert.equal(readBasicCredentials(basic(Uint8Array.of(0xef, 0xbb, 0xbf, 0x69, 0x3a, 0x73))), undefined);
});

test('a header over 4 KiB is not decoded (RFC 6749 §2.3.1)', () => {
  const fitting = basic(`id:${'s'.repeat(3062)}`);
  assert.ok(fitting.length <= 4096 && fitting.length > 4092);
  assert.equal(readBasicCredentials(fitting)?.clientSecret.length, 3062);
  assert.equal(readBasicCredentials(basic(`id:${'s'.repeat(3070)}`)), undefined);
  assert.equal(readBasicCredentials(`Basic ${'A'.repeat(1_048_576)}`), undefined);
});

test('what a client encodes is what we read (RFC 6749 §2.3.1 and appendix B)', () => {
  const visible = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: 60,
  });
  const secret = anyText.map((text) => text.toWellFormed());
  fc.assert(
    fc.property(visible, secret, (clientId, clientSecret) => {
      assert.deepEqual(readBasicCredentials(basic(`${formEncode(clientId)}:${formEncode(clientSecret)}`)), { clientId, clientSecret });
    }),
  );
});

test('there is one spelling in base64 for what is read (RFC 4648 §3.5)', () => {
  const character = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_ \n');
  fc.assert(
    fc.property(fc.string({ maxLength: 20 }), fc.nat(), character, fc.nat(1), (secret, where, edit, cut) => {
      const written = basic(`id:${formEncode(secret)}`).slice(6);
      // Not before the first character, where a space belongs to the scheme.
      const at = 1 + (where % written.length);
      const edited = written.slice(0, at) + edit + written.slice(at + cut);
      const isCanonical = Buffer.from(edited, 'base64').toString('base64') === edited;
      if (!isCanonical) assert.equal(readBasicCredentials(`Basic ${edited}`), undefined, edited);
      assert.deepEqual(readBasicCredentials(`Basic ${written}`), { clientId: 'id', clientSecret: secret });
    }),
    { numRuns: 500 },
  );
});

test('any header is read or is undefined; nothing is thrown', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.string().map(basic), fc.uint8Array().map(basic)), (header) => {
      const read = readBasicCredentials(header);
      assert.ok(read === undefined || read.clientId.length > 0);
    }),
  );
});
