import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import type { TlsSubjectField } from '@hufu/protocol/client-sender';
import { type CertificateOptions, makeCertificate } from '../testing/certificates.ts';
import { findSubjectFault } from './certificate-subject.ts';

function fault(options: CertificateOptions, field: TlsSubjectField, value: string): string | undefined {
  return findSubjectFault(new X509Certificate(makeCertificate(options).cert), { field, value });
}

const matches = (options: CertificateOptions, field: TlsSubjectField, value: string): boolean => fault(options, field, value) === undefined;

test('a subject is compared as RFC 4514 §2.1 writes it: the last name first, blanks and the case of types aside (RFC 8705 §2.1.2)', () => {
  const options: CertificateOptions = {
    subject: [
      ['C', 'DE'],
      ['O', 'Example, Inc.'],
      ['OU', 'Ops + Dev'],
      ['CN', 'client'],
    ],
  };
  for (const text of [
    'CN=client,OU=Ops \\+ Dev,O=Example\\, Inc.,C=DE',
    'cn=client, ou=Ops \\2b Dev, o=Example\\2C Inc., c=DE',
    '2.5.4.3=client,2.5.4.11=Ops \\+ Dev,2.5.4.10=Example\\, Inc.,2.5.4.6=DE',
  ])
    assert.ok(matches(options, 'subject_dn', text), text);
  for (const text of [
    'C=DE,O=Example\\, Inc.,OU=Ops \\+ Dev,CN=client',
    'CN=client,OU=Ops \\+ Dev,O=Example\\, Inc.',
    'CN=client,O=Example\\, Inc.,OU=Ops \\+ Dev,C=DE',
    'CN=Client,OU=Ops \\+ Dev,O=Example\\, Inc.,C=DE',
    'CN=client,OU=Ops + Dev,O=Example\\, Inc.,C=DE',
    'CN=client,OU=Ops \\+ Dev,O=Example, Inc.,C=DE',
    'CN=client,OU=Ops \\+ Dev,O=Example\\, Inc.,C=DE,',
    'client',
    'CN=client\\',
    '',
  ])
    assert.equal(matches(options, 'subject_dn', text), false, text);
});

test('a name that holds the separators of another is not that other (RFC 4514 §2.4, §3)', () => {
  for (const value of [
    'victim,O=Bank',
    'victim\nO=Bank',
    'victim + O=Bank',
    'victim\\,O=Bank',
    'victim\nO = Bank',
    ' victim',
    'victim\0',
    '"victim"',
  ]) {
    assert.equal(matches({ subject: [['CN', value]] }, 'subject_dn', 'CN=victim'), false, JSON.stringify(value));
    const two: CertificateOptions = {
      subject: [
        ['O', 'Bank'],
        ['CN', 'victim'],
      ],
    };
    assert.ok(matches(two, 'subject_dn', 'CN=victim,O=Bank'));
    assert.equal(matches({ subject: [['CN', value]] }, 'subject_dn', 'CN=victim,O=Bank'), false, JSON.stringify(value));
  }
  assert.ok(matches({ subject: [['CN', ' a b ']] }, 'subject_dn', 'CN=\\ a b\\ '));
  assert.ok(matches({ subject: [['CN', '虎符']] }, 'subject_dn', 'CN=虎符'));
  assert.ok(matches({ subject: [['CN', '虎符']] }, 'subject_dn', 'CN=\\E8\\99\\8E\\E7\\AC\\A6'));
  assert.ok(matches({ subject: [['emailAddress', 'a@b.example']] }, 'subject_dn', 'E=a@b.example'));
});

test('an alternative name counts by its kind and as a whole (RFC 8705 §2.1.2)', () => {
  const options: CertificateOptions = {
    subject: [['CN', 'x']],
    altNames: [
      ['dns', 'client.example'],
      ['uri', 'https://client.example/a,b'],
      ['email', 'ops@client.example'],
      ['ip', '192.0.2.7'],
      ['ip', '2001:db8:0:0:0:0:0:1'],
    ],
  };
  for (const [field, value] of [
    ['san_dns', 'client.example'],
    ['san_dns', 'CLIENT.example'],
    ['san_uri', 'https://client.example/a,b'],
    ['san_email', 'ops@client.example'],
    ['san_ip', '192.0.2.7'],
    ['san_ip', '2001:DB8::1'],
  ] as const)
    assert.ok(matches(options, field, value), value);
  for (const [field, value] of [
    ['san_dns', 'x'],
    ['san_dns', 'other.example'],
    ['san_dns', 'ops@client.example'],
    ['san_uri', 'client.example'],
    ['san_uri', 'https://client.example/a'],
    ['san_email', 'client.example'],
    ['san_ip', '192.0.2.70'],
    ['san_ip', '2001:db8::2'],
  ] as const)
    assert.equal(matches(options, field, value), false, value);
  assert.equal(matches({ subject: [['CN', 'x']] }, 'san_dns', ''), false);
});

test('a name that reads like several is one', () => {
  for (const value of [
    'a, DNS:victim.example',
    'a", DNS:victim.example',
    'a\\", DNS:victim.example',
    'a\nDNS:victim.example',
    'a\0, DNS:victim.example',
  ]) {
    for (const kind of ['dns', 'uri', 'email'] as const)
      assert.equal(
        matches({ subject: [['CN', 'x']], altNames: [[kind, value]] }, 'san_dns', 'victim.example'),
        false,
        `${kind} ${JSON.stringify(value)}`,
      );
  }
});
