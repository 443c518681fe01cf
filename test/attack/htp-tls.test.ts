import assert from 'node:assert/strict';
import { constants } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { testCertificate } from '../support/certificate.ts';
import { BASIC_YAML, startHufu, type TestHufu } from '../support/hufu.ts';
import { faultsOf } from './oracles.ts';
import { dial, exchangeRaw, rawRequest } from './raw-http.ts';
import { recordTraffic, type Traffic } from './traffic.ts';

const folder = mkdtempSync(join(tmpdir(), 'hufu-tls-'));
const { cert, key } = testCertificate();
writeFileSync(join(folder, 'cert.pem'), cert);
writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 });
const YAML = `tls: { cert: ${join(folder, 'cert.pem')}, key: ${join(folder, 'key.pem')} }\n${BASIC_YAML}`;

type Outcome = { readonly kind: 'connected'; readonly socket: TLSSocket } | { readonly kind: 'refused'; readonly code: string };

describe('HTP: TLS', () => {
  let hufu: TestHufu;
  let traffic: Traffic;
  before(async () => {
    hufu = await startHufu({ yaml: YAML, issuer: 'https://localhost' });
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
    rmSync(folder, { recursive: true, force: true });
  });

  function shake(options: ConnectionOptions): Promise<Outcome> {
    const { port } = new URL(hufu.origin);
    return new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: Number(port), servername: 'localhost', ca: cert, ...options }, () =>
        resolve({ kind: 'connected', socket }),
      );
      socket.on('error', (error) => resolve({ kind: 'refused', code: 'code' in error ? String(error.code) : error.message }));
    });
  }

  async function get(socket: TLSSocket, path: string): Promise<number | undefined> {
    const { replies } = await exchangeRaw(socket, [rawRequest('https://localhost', 'GET', path)], { replies: 1 });
    return replies[0]?.status;
  }

  test('HTP-16 · TLS 1.2 and 1.3 are spoken, what is older is refused (RFC 9325 §3.1.1)', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const outcome = await shake({ minVersion: version, maxVersion: version });
      assert.equal(outcome.kind, 'connected', version);
      if (outcome.kind === 'connected') assert.equal(await get(outcome.socket, '/healthz'), 200);
    }
    for (const version of ['TLSv1', 'TLSv1.1'] as const) {
      const outcome = await shake({ minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' });
      assert.equal(outcome.kind, 'refused', version);
    }
  });

  test('HTP-16 · of TLS 1.2 the four ECDHE suites with AES-GCM alone (RFC 9325 §4.2, FAPI 2.0 Security Profile §5.2.2)', async () => {
    const allowed: readonly string[] = [
      'ECDHE-ECDSA-AES128-GCM-SHA256',
      'ECDHE-ECDSA-AES256-GCM-SHA384',
      'ECDHE-RSA-AES128-GCM-SHA256',
      'ECDHE-RSA-AES256-GCM-SHA384',
    ];
    const weak = [
      'ECDHE-ECDSA-AES128-SHA',
      'ECDHE-ECDSA-AES128-SHA256',
      'ECDHE-ECDSA-AES256-SHA384',
      'ECDHE-ECDSA-CHACHA20-POLY1305',
      'ECDHE-RSA-AES128-SHA',
      'AES128-SHA',
      'AES128-GCM-SHA256',
      'AES256-SHA',
      'DHE-RSA-AES128-GCM-SHA256',
      'ECDHE-ECDSA-NULL-SHA',
      'AECDH-NULL-SHA',
      'ECDHE-ECDSA-AES128-CCM',
    ];
    for (const suite of weak) {
      const outcome = await shake({ maxVersion: 'TLSv1.2', ciphers: `${suite}:@SECLEVEL=0` }).catch(
        (error: unknown) => ({ kind: 'refused', code: Object(error).code }) as const,
      );
      assert.equal(outcome.kind, 'refused', suite);
    }
    const outcome = await shake({ maxVersion: 'TLSv1.2', ciphers: 'ALL:@SECLEVEL=0' });
    assert.equal(outcome.kind, 'connected');
    if (outcome.kind !== 'connected') return;
    assert.ok(allowed.includes(outcome.socket.getCipher().name), outcome.socket.getCipher().name);
    outcome.socket.destroy();
  });

  test('HTP-16 · a client cannot renegotiate, and cannot make us compress (RFC 9325 §3.3, §3.5)', async () => {
    const outcome = await shake({ maxVersion: 'TLSv1.2' });
    assert.equal(outcome.kind, 'connected');
    if (outcome.kind !== 'connected') return;
    const { socket } = outcome;
    const renegotiated = await new Promise<boolean>((resolve) => {
      socket.on('error', () => resolve(false));
      socket.on('close', () => resolve(false));
      socket.setTimeout(2_000, () => resolve(false));
      if (!socket.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error === null))) resolve(false);
    });
    socket.destroy();
    assert.equal(renegotiated, false);
    const again = await shake({ maxVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_TICKET });
    assert.equal(again.kind, 'connected', 'and everybody else goes on');
    if (again.kind === 'connected') assert.equal(await get(again.socket, '/healthz'), 200);
  });

  test('HTP-16 · http on the port of https is no answer in the clear (RFC 9325 §3.2)', async () => {
    const { bytes } = await exchangeRaw(dial(hufu.origin), [rawRequest('https://localhost', 'GET', '/oauth/jwks')], { silenceMs: 500 });
    assert.doesNotMatch(bytes, /200 OK|"keys"/);
  });
});
