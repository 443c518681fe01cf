import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import { type MadeCertificate, makeCertificate, SERVER_AUTH } from '@hufu/server/testing/certificates';
import { prover } from '@hufu/server/testing/proofs';
import type { JsonReply } from '../support/agent.ts';
import { testCertificate } from '../support/certificate.ts';
import { BASIC_YAML, startHufu, type TestHufu } from '../support/hufu.ts';
import { assertClientRefused, assertTokenError, claimsOf } from './expect.ts';
import { arena, faultsOf } from './oracles.ts';
import { recordTraffic, type Traffic } from './traffic.ts';

const folder = mkdtempSync(join(tmpdir(), 'hufu-mtls-'));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text, { mode: 0o600 });
  return join(folder, name);
};
const { cert, key } = testCertificate();
const ca = makeCertificate({ subject: [['CN', 'Clients CA']], isAuthority: true });
const subject = [
  ['O', 'Example'],
  ['CN', 'mutual'],
] as const;
const good = makeCertificate({ subject, issuer: ca });
const own = makeCertificate({ subject: [['CN', 'whatever']], from: '200101000000Z', until: '210101000000Z' });
const publicCertificate = makeCertificate({ subject: [['CN', 'app']] });
after(() => rmSync(folder, { recursive: true, force: true }));

const jwkOf = ({ publicKey }: MadeCertificate): string => JSON.stringify(publicKey.export({ format: 'jwk' }));
const thumbprintOf = ({ der }: MadeCertificate): string => createHash('sha256').update(der).digest('base64url');

const CLIENTS = `
  - { client_id: mutual, token_endpoint_auth_method: tls_client_auth, tls_client_auth_subject_dn: 'CN=mutual,O=Example', grant_types: [client_credentials], scope: read opaque, tls_client_certificate_bound_access_tokens: true }
  - { client_id: selfmade, token_endpoint_auth_method: self_signed_tls_client_auth, jwks: { keys: [${jwkOf(own)}] }, grant_types: [client_credentials], scope: read }
  - { client_id: holding, client_secret: holding-secret-0123456789abcdef01234, grant_types: [client_credentials], scope: read opaque, tls_client_certificate_bound_access_tokens: true }
`;
const WITH_CLIENTS = BASIC_YAML.replace('\nresources:', `${CLIENTS}resources:`);
const GRANT = { grant_type: 'client_credentials', scope: 'read' };
const HOLDING_BASIC = 'holding:holding-secret-0123456789abcdef01234';

interface Sent {
  readonly certificate?: MadeCertificate | undefined;
  readonly headers?: Record<string, string>;
  readonly fields?: Record<string, string>;
  readonly path?: string;
}

/** A request over TLS with that certificate, or none, on a connection of its own. */
function send(origin: string, { certificate, headers = {}, fields, path = '/oauth/token' }: Sent): Promise<JsonReply> {
  const { port } = new URL(origin);
  const body = fields === undefined ? undefined : new URLSearchParams(fields).toString();
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      {
        host: '127.0.0.1',
        port,
        servername: 'localhost',
        path,
        agent: false,
        ca: cert,
        ...(certificate === undefined ? {} : { cert: certificate.cert, key: certificate.key }),
        method: body === undefined ? 'GET' : 'POST',
        headers: { host: 'localhost', ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }), ...headers },
      },
      (reply) => {
        let text = '';
        reply.on('data', (chunk: Buffer) => (text += chunk.toString()));
        reply.on('end', () => {
          const lines = Object.entries(reply.headersDistinct).flatMap(([name, values]) =>
            (values ?? []).map((value): [string, string] => [name, value]),
          );
          resolve({ status: reply.statusCode ?? 0, headers: new Headers(lines), body: text === '' ? {} : Object(JSON.parse(text)) });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const basic = (text: string): Record<string, string> => ({ authorization: `Basic ${btoa(text)}` });

describe('TOK: certificates on our own connections', () => {
  let hufu: TestHufu;
  let traffic: Traffic;
  before(async () => {
    const tls = `tls: { cert: ${file('cert.pem', cert)}, key: ${file('key.pem', key)}, client_certificates: optional, client_ca: ${file('ca.pem', ca.cert)} }\n`;
    hufu = await startHufu({ yaml: tls + WITH_CLIENTS, issuer: 'https://localhost' });
    traffic = recordTraffic(Number(new URL(hufu.origin).port));
  });
  afterEach(() =>
    assert.deepEqual(
      traffic.take().flatMap((exchange) => faultsOf(exchange, hufu.issuer)),
      [],
    ),
  );
  after(async () => {
    traffic.stop();
    await hufu.stop();
  });
  const token = (client: string, certificate?: MadeCertificate, headers: Record<string, string> = {}): Promise<JsonReply> =>
    send(hufu.origin, { certificate, headers, fields: { ...GRANT, client_id: client } });

  test('TOK-27 · a client of tls_client_auth is who an authority of ours says it is (RFC 8705 §2.1)', async () => {
    const reply = await token('mutual', good);
    assert.equal(reply.status, 200, JSON.stringify(reply.body));
    assert.deepEqual(claimsOf(reply.body['access_token'])['cnf'], { 'x5t#S256': thumbprintOf(good) });
    const stranger = makeCertificate({ subject: [['CN', 'Clients CA']], isAuthority: true });
    for (const [about, certificate] of [
      ['none', undefined],
      ['its own making', makeCertificate({ subject })],
      ['another authority of the same name', makeCertificate({ subject, issuer: stranger })],
      ['another name', makeCertificate({ subject: [['CN', 'mutual']], issuer: ca })],
      ['for servers', makeCertificate({ subject, issuer: ca, usages: [SERVER_AUTH] })],
      ['expired', makeCertificate({ subject, issuer: ca, until: '210101000000Z' })],
      ['not yet', makeCertificate({ subject, issuer: ca, from: '480101000000Z' })],
    ] as const)
      assertClientRefused(await token('mutual', certificate), about);
    assertClientRefused(await token('holding', good), 'a certificate is no secret');
  });

  test('TOK-27 · a client of self_signed_tls_client_auth has the key that it registered (RFC 8705 §2.2)', async () => {
    assert.equal((await token('selfmade', own)).status, 200, 'whatever its dates say');
    assertClientRefused(await token('selfmade', makeCertificate({ subject: own.subject })));
    assertClientRefused(await token('selfmade', good));
    assertClientRefused(await token('selfmade'));
  });

  test('TOK-27 · what a header tells of a certificate is nothing, with and without one on the connection (RFC 9440 §4)', async () => {
    const told = { 'client-cert': `:${good.der.toString('base64')}:` };
    assertClientRefused(await token('mutual', undefined, told));
    assertClientRefused(await token('mutual', own, told));
  });

  test('TOK-27 · a client whose tokens are bound to its certificate gets none without one (RFC 8705 §3.4)', async () => {
    const bare = await send(hufu.origin, { headers: basic(HOLDING_BASIC), fields: GRANT });
    assertTokenError(bare, 'invalid_request');
    const { prove } = await prover();
    const dpop = prove({ htm: 'POST', htu: 'https://localhost/oauth/token', iat: Math.floor(hufu.context.clock.nowMs() / 1000) });
    assertTokenError(await send(hufu.origin, { headers: { ...basic(HOLDING_BASIC), dpop }, fields: GRANT }), 'invalid_request');
    const held = await send(hufu.origin, { certificate: own, headers: basic(HOLDING_BASIC), fields: GRANT });
    assert.deepEqual(claimsOf(held.body['access_token'])['cnf'], { 'x5t#S256': thumbprintOf(own) });
    assert.equal(held.body['token_type'], 'Bearer');
  });

  test('DPO-16 · a token that is bound to a certificate is worth nothing on a connection with another, or with none (RFC 8705 §3)', async () => {
    for (const scope of ['read', 'opaque']) {
      const reply = await send(hufu.origin, { certificate: own, headers: basic(HOLDING_BASIC), fields: { ...GRANT, scope } });
      const authorization = `Bearer ${String(reply.body['access_token'])}`;
      const show = (certificate?: MadeCertificate, headers: Record<string, string> = {}): Promise<JsonReply> =>
        send(hufu.origin, { certificate, headers: { authorization, ...headers }, path: '/test/resource' });
      assert.equal((await show(own)).status, 200);
      const told = { 'client-cert': `:${own.der.toString('base64')}:` };
      for (const refused of [await show(), await show(good), await show(undefined, told), await show(good, told)]) {
        assert.equal(refused.status, 401);
        assert.match(refused.headers.get('www-authenticate') ?? '', /^Bearer error="invalid_token"/);
      }
      const seen = await send(hufu.origin, {
        headers: basic('api:api-secret-0123456789abcdef0123456789'),
        fields: { token: String(reply.body['access_token']) },
        path: '/oauth/introspect',
      });
      assert.deepEqual([seen.body['token_type'], seen.body['cnf']], ['Bearer', { 'x5t#S256': thumbprintOf(own) }]);
    }
  });

  test('HTP-16 · a session with a certificate is not resumed: what was thought of it is thought anew (RFC 8446 §2.2)', async () => {
    const { port } = new URL(hufu.origin);
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const shake = (session?: Buffer): Promise<{ readonly reused: boolean; readonly session: Buffer | undefined }> =>
        new Promise((resolve, reject) => {
          let kept: Buffer | undefined;
          let reused = false;
          const options = { host: '127.0.0.1', port: Number(port), servername: 'localhost', ca: cert, cert: good.cert, key: good.key };
          const socket = connect(
            { ...options, minVersion: version, maxVersion: version, ...(session === undefined ? {} : { session }) },
            () => {
              reused = socket.isSessionReused();
              kept = socket.getSession();
              socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
            },
          );
          socket.on('session', (one: Buffer) => (kept = one));
          socket.on('data', () => undefined);
          socket.on('error', reject);
          socket.on('close', () => resolve({ reused, session: kept }));
        });
      const { session } = await shake();
      assert.equal((await shake(session)).reused, false, version);
    }
  });
});

describe('TOK: certificates without an authority of ours', () => {
  test('TOK-27 · where there is no client_ca nobody is trusted, and tls_client_auth cannot be configured (RFC 8705 §2.1)', async () => {
    const tls = `tls: { cert: ${file('cert2.pem', cert)}, key: ${file('key2.pem', key)}, client_certificates: optional }\n`;
    await assert.rejects(startHufu({ yaml: tls + WITH_CLIENTS, issuer: 'https://localhost' }), /client_ca/);
  });
});

const FORWARDED = `policies: { brute_force: off, forwarded_certificates: { header: client-cert, client_ca: ${file('proxy-ca.pem', ca.cert)} } }\n`;
const behind = (proxies: string): string =>
  `trusted_proxies: [${proxies}]\n${FORWARDED}${WITH_CLIENTS.replace('policies: { brute_force: off }\n', '')}`;
const headerOf = ({ der }: MadeCertificate): string => `:${der.toString('base64')}:`;

async function forward(
  issuer: string,
  fields: Record<string, string>,
  headers: Record<string, string> | readonly [string, string][],
): Promise<JsonReply> {
  const reply = await fetch(`${issuer}/oauth/token`, {
    method: 'POST',
    headers: [['content-type', 'application/x-www-form-urlencoded'], ...(Array.isArray(headers) ? headers : Object.entries(headers))],
    body: new URLSearchParams(fields).toString(),
  });
  return { status: reply.status, headers: reply.headers, body: Object(await reply.json()) };
}

describe('TOK: certificates that a trusted proxy tells of', () => {
  const here = arena({ yaml: behind('127.0.0.1') });
  const token = (client: string, headers: Record<string, string> | readonly [string, string][]): Promise<JsonReply> =>
    forward(here.issuer, { ...GRANT, client_id: client }, headers);

  test('TOK-27 · the certificate in the header of the proxy is the client’s, once (RFC 9440 §2, RFC 8705 §6.5)', async () => {
    const reply = await token('mutual', { 'client-cert': headerOf(good) });
    assert.deepEqual(claimsOf(reply.body['access_token'])['cnf'], { 'x5t#S256': thumbprintOf(good) });
    assert.equal((await token('selfmade', { 'client-cert': headerOf(own) })).status, 200);
    for (const header of [
      `${headerOf(good)}, ${headerOf(good)}`,
      headerOf(own),
      '',
      good.cert.replaceAll('\n', ' '),
      encodeURIComponent(good.cert),
    ])
      assertClientRefused(await token('mutual', { 'client-cert': header }), header.slice(0, 30));
    const twice: [string, string][] = [
      ['client-cert', headerOf(own)],
      ['client-cert', headerOf(good)],
    ];
    assertClientRefused(await token('mutual', twice));
    assertClientRefused(await token('mutual', {}));
  });

  test('TOK-27 · what the proxy has not verified is verified here (RFC 8705 §2.1)', async () => {
    const stranger = makeCertificate({ subject: ca.subject, isAuthority: true });
    for (const leaf of [
      makeCertificate({ subject }),
      makeCertificate({ subject, issuer: stranger }),
      makeCertificate({ subject, issuer: ca, until: '210101000000Z' }),
      makeCertificate({ subject, issuer: ca, usages: [SERVER_AUTH] }),
    ]) {
      assert.ok(new X509Certificate(leaf.cert).subject.includes('CN=mutual'));
      assertClientRefused(await token('mutual', { 'client-cert': headerOf(leaf) }));
    }
  });
});

describe('TOK: certificates that somebody else tells of', () => {
  const here = arena({ yaml: behind('10.99.0.1') });

  test('TOK-27 · the header of whoever is no trusted proxy is passed over (RFC 9440 §4, RFC 9700 §4.13)', async () => {
    for (const client of ['mutual', 'selfmade']) {
      const certificate = client === 'mutual' ? good : own;
      for (const more of [{}, { 'x-forwarded-for': '10.99.0.1' }, { forwarded: 'for=10.99.0.1' }])
        assertClientRefused(
          await forward(here.issuer, { ...GRANT, client_id: client }, { 'client-cert': headerOf(certificate), ...more }),
          client,
        );
    }
    const held = await forward(here.issuer, GRANT, { ...basic(HOLDING_BASIC), 'client-cert': headerOf(publicCertificate) });
    assertTokenError(held, 'invalid_request');
  });
});
