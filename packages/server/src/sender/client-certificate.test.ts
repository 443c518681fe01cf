import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ConfigError } from '../config/problem.ts';
import { readConfig } from '../config/read-config.ts';
import { openidConfiguration } from '../server-description.ts';
import { CLIENT_AUTH, type MadeCertificate, makeCertificate, SERVER_AUTH } from '../testing/certificates.ts';
import { certificateReader } from './client-certificate.ts';

const folder = mkdtempSync(join(tmpdir(), 'hufu-certificates-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const ca = makeCertificate({ subject: [['CN', 'Example CA']], isAuthority: true });
const caFile = join(folder, 'ca.pem');
writeFileSync(caFile, ca.cert);

const config = (yaml: string): ReturnType<typeof readConfig> =>
  readConfig({ text: `issuer: https://id.example\nmode: test\n${yaml}`, file: 'x', env: {} });
const BEHIND = config(
  `trusted_proxies: [10.0.0.0/8]\npolicies: { forwarded_certificates: { header: client-cert, client_ca: ${caFile} } }\n`,
);

function request(peer: string, header?: string): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: peer });
  const raw = new IncomingMessage(socket);
  if (header !== undefined) raw.headers['client-cert'] = header;
  return raw;
}

const headerOf = ({ der }: MadeCertificate): string => `:${der.toString('base64')}:`;

function read(peer: string, header?: string): ReturnType<NonNullable<ReturnType<typeof certificateReader>>> {
  return certificateReader(BEHIND)?.(request(peer, header));
}

test('where nobody asks for certificates there is nothing to read, and nothing to pay for', () => {
  assert.equal(certificateReader(config('')), undefined);
  assert.equal(certificateReader(config('trusted_proxies: [10.0.0.0/8]\n')), undefined);
  assert.equal(certificateReader(config('tls: { cert: a.pem, key: b.pem }\n')), undefined);
});

test('a trusted proxy tells of a certificate in its header, and nobody else does (RFC 9440 §2, §4; attacks TOK-27)', () => {
  const leaf = makeCertificate({ subject: [['CN', 'client']], issuer: ca });
  const seen = read('10.1.2.3', headerOf(leaf));
  assert.equal(seen?.thumbprint, createHash('sha256').update(leaf.der).digest('base64url'));
  assert.equal(read('192.0.2.1', headerOf(leaf)), undefined);
  assert.equal(read('10.1.2.3'), undefined);
});

test('a header that is repeated or is no byte sequence is no certificate (RFC 8941 §3.3.5)', () => {
  const leaf = makeCertificate({ subject: [['CN', 'client']], issuer: ca });
  const good = headerOf(leaf);
  const bad = [
    `${good}, ${good}`,
    good.slice(1),
    good.slice(0, -1),
    `${good};x=1`,
    ` ${good}`,
    '::',
    ':AAAA:',
    leaf.cert,
    '',
    `:${'A'.repeat(20_000)}:`,
  ];
  for (const header of bad) assert.equal(read('10.1.2.3', header), undefined, header.slice(0, 40));
});

test('behind a proxy the chain is verified here: an authority of ours signed it itself, for clients (RFC 8705 §2.1, RFC 5280 §4.2.1.12)', () => {
  const chainOf = (leaf: MadeCertificate): number | undefined => read('10.1.2.3', headerOf(leaf))?.chain?.length;
  const subject = [['CN', 'client']] as const;
  assert.equal(chainOf(makeCertificate({ subject, issuer: ca })), 2);
  assert.equal(chainOf(makeCertificate({ subject, issuer: ca, usages: [SERVER_AUTH, CLIENT_AUTH] })), 2);
  assert.equal(chainOf(makeCertificate({ subject, issuer: ca, usages: [SERVER_AUTH] })), undefined);
  assert.equal(chainOf(makeCertificate({ subject })), undefined);
  const sameName = makeCertificate({ subject: ca.subject, isAuthority: true });
  assert.equal(chainOf(makeCertificate({ subject, issuer: sameName })), undefined);
  const leaf = makeCertificate({ subject, issuer: ca });
  assert.equal(chainOf(makeCertificate({ subject: [['CN', 'below']], issuer: leaf })), undefined);
});

test('an authority that may not sign certificates vouches for nobody (RFC 5280 §4.2.1.9)', () => {
  const noCa = makeCertificate({ subject: [['CN', 'No CA']] });
  const file = join(folder, 'no-ca.pem');
  writeFileSync(file, noCa.cert);
  const reader = certificateReader(
    config(`trusted_proxies: [10.0.0.0/8]\npolicies: { forwarded_certificates: { header: client-cert, client_ca: ${file} } }\n`),
  );
  const seen = reader?.(request('10.0.0.1', headerOf(makeCertificate({ subject: [['CN', 'c']], issuer: noCa }))));
  assert.ok(seen !== undefined);
  assert.equal(seen.chain, undefined);
});

test('a client that needs certificates is refused at the start of a server that sees none (RFC 8705 §2)', () => {
  const problems = (yaml: string): string => {
    try {
      config(yaml);
      return '';
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      return error.message;
    }
  };
  const client =
    'clients: [{ client_id: c, grant_types: [client_credentials], token_endpoint_auth_method: tls_client_auth, tls_client_auth_san_dns: a }]\n';
  assert.match(problems(client), /needs tls\.client_certificates: optional, or policies\.forwarded_certificates/);
  assert.match(problems(`tls: { cert: a, key: b, client_certificates: optional }\n${client}`), /needs the authorities .*client_ca/);
  assert.equal(problems(`tls: { cert: a, key: b, client_certificates: optional, client_ca: c }\n${client}`), '');
  assert.match(
    problems(
      client.replace(
        'token_endpoint_auth_method: tls_client_auth, tls_client_auth_san_dns: a',
        'client_secret: 0123456789abcdef, tls_client_certificate_bound_access_tokens: true',
      ),
    ),
    /tls_client_certificate_bound_access_tokens: needs tls/,
  );
  assert.match(problems('policies: { forwarded_certificates: { header: client-cert } }\n'), /has no effect without trusted_proxies/);
});

test('metadata has the methods and the aliases only where certificates arrive (RFC 8705 §3.3, §5)', () => {
  const of = (yaml: string): Record<string, unknown> => JSON.parse(openidConfiguration(config(yaml)).body.toString());
  const none = of('');
  assert.deepEqual(
    [
      none['mtls_endpoint_aliases'],
      none['tls_client_certificate_bound_access_tokens'],
      String(none['token_endpoint_auth_methods_supported']).includes('tls_'),
    ],
    [undefined, undefined, false],
  );
  const asked = of('tls: { cert: a, key: b, client_certificates: optional }\n');
  assert.match(String(asked['token_endpoint_auth_methods_supported']), /self_signed_tls_client_auth/);
  assert.doesNotMatch(String(asked['token_endpoint_auth_methods_supported']), /,tls_client_auth/);
  assert.equal(asked['tls_client_certificate_bound_access_tokens'], true);
  const trusted = of('tls: { cert: a, key: b, client_certificates: optional, client_ca: c }\n');
  assert.match(String(trusted['token_endpoint_auth_methods_supported']), /,tls_client_auth/);
});
