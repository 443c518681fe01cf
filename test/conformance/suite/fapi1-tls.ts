import assert from 'node:assert/strict';
import { type ConnectionOptions, connect } from 'node:tls';
import type { FapiRun } from './fapi1-run.ts';

/** The suites for TLS 1.2 that FAPI 1.0 Advanced §8.5 leaves. */
const ALLOWED =
  'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256';
const OTHERS = `ALL:!eNULL:!${ALLOWED.replaceAll(':', ':!')}:@SECLEVEL=0`;
const OLD = 'ALL:@SECLEVEL=0';

/** How an endpoint shakes hands (FAPI 1.0 Advanced §8.5, RFC 9325 §3.1.1, §4.2). */
export async function checkTls({ run }: FapiRun, url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const shake = (options: ConnectionOptions): Promise<string | undefined> =>
    handshake({ host: '127.0.0.1', servername: hostname, port: Number(port), ...options });
  assert.equal(
    await shake({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: ALLOWED }),
    'TLSv1.2',
    'TLS 1.2 with the suites of FAPI',
  );
  for (const version of ['TLSv1', 'TLSv1.1'] as const)
    assert.equal(await shake({ minVersion: version, maxVersion: version, ciphers: OLD }), undefined, `${version} is spoken`);
  assert.equal(await shake({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: OTHERS }), undefined, 'other suites are taken too');
  run.should((await shake({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' })) === 'TLSv1.3', 'TLS 1.3 is not preferred');
}

/** @returns the version; undefined where the server declines */
function handshake(options: ConnectionOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    // Whose certificate it is, is not the question here.
    const socket = connect({ rejectUnauthorized: false, ...options }, () => {
      resolve(socket.getProtocol() ?? undefined);
      socket.destroy();
    });
    socket.on('error', () => resolve(undefined));
  });
}
