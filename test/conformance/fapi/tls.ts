import assert from 'node:assert/strict';
import { type ConnectionOptions, connect } from 'node:tls';

/** All that TLS 1.2 may agree on (FAPI 2.0 Security Profile §5.2.2, RFC 9325 §4.2). */
const RECOMMENDED = 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384';
const ANY_OTHER = `ALL:!${RECOMMENDED.replaceAll(':', ':!')}:@SECLEVEL=0`;
const TIMEOUT_MS = 30_000;

/** What the hosts of these addresses agree on: TLS 1.2 with the recommended suites, better 1.3, and nothing else (FAPI 2.0 Security Profile §5.2.1). */
export async function checkTls(urls: readonly string[]): Promise<void> {
  for (const host of new Set(urls.map((url) => new URL(url).host))) {
    const { port } = new URL(`https://${host}`);
    const agreed = (options: ConnectionOptions): Promise<string | undefined> =>
      handshake({ host: '127.0.0.1', port: Number(port || 443), servername: 'localhost', ...options });
    const oldCiphers = { ciphers: 'ALL:@SECLEVEL=0' };
    for (const version of ['TLSv1', 'TLSv1.1'] as const)
      assert.equal(await agreed({ ...oldCiphers, minVersion: version, maxVersion: version }), undefined, `${host} has ${version}`);
    const twelve = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
    assert.equal(await agreed({ ...twelve, ciphers: RECOMMENDED }), 'TLSv1.2', `${host} has no suite of TLS 1.2 that is recommended`);
    assert.equal(await agreed({ ...twelve, ciphers: ANY_OTHER }), undefined, `${host} has a suite of TLS 1.2 that is not recommended`);
    assert.equal(await agreed({ minVersion: 'TLSv1.2' }), 'TLSv1.3', `${host} does not prefer TLS 1.3`);
  }
}

/** @returns the version agreed on; undefined where there was no agreement */
function handshake(options: ConnectionOptions): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    // Who the server is has been looked at elsewhere; here only what it agrees to.
    const socket = connect({ ...options, rejectUnauthorized: false, timeout: TIMEOUT_MS }, () => {
      resolve(socket.getProtocol() ?? undefined);
      socket.destroy();
    });
    socket.on('error', () => resolve(undefined));
    socket.on('timeout', () => {
      socket.destroy();
      reject(new Error('no handshake'));
    });
  });
}
