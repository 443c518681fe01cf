import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import type { Config } from '@hufu/server/config/config';
import { readConfig } from '@hufu/server/config/read-config';
import type { KeyStatus } from '@hufu/server/keys/key-status';
import { makeCertificate } from '@hufu/server/testing/certificates';
import type { ClientRecord } from '@hufu/store/port';
import { checkCertificates } from './certificates.ts';
import { checkClients } from './clients.ts';
import type { Finding } from './finding.ts';
import { checkHost } from './host.ts';
import { checkKeys } from './keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'hufu-doctor-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const said = (findings: readonly Finding[]): readonly string[] => findings.map(({ level, about, text }) => `${level} ${about}: ${text}`);

function configOf(issuer: string, more = ''): Config {
  return readConfig({ text: `issuer: ${issuer}\nmode: test\ndata_dir: ${folder}\n${more}`, file: 'hufu.yaml', env: {} });
}

test('the clock is compared with that of the server, which may not be there; the disk has room', async () => {
  let date = new Date().toUTCString();
  const server = createServer((_, reply) => reply.writeHead(200, { date }).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const config = configOf(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`);
  const [clock, disk] = await checkHost(config);
  assert.deepEqual([clock?.level, clock?.about, disk?.about], ['ok', 'clock', 'disk']);
  assert.match(disk?.text ?? '', /^\d+ [MG]iB free in /);
  date = new Date(Date.now() - 600_000).toUTCString();
  assert.match(said(await checkHost(config))[0] ?? '', /^problem clock: (599|600|601) seconds apart/);
  server.close();
  server.closeAllConnections();
  assert.match(said(await checkHost(config))[0] ?? '', /^warning server: nobody answers at http/);
});

test('a certificate that is about to end is named, and a file that is none', async () => {
  const cert = join(folder, 'cert.pem');
  const made = makeCertificate({ subject: [['CN', 'localhost']], until: '300101000000Z' });
  writeFileSync(cert, made.cert);
  writeFileSync(join(folder, 'key.pem'), made.key);
  const config = configOf('https://localhost:1', `tls: { cert: '${cert}', key: '${join(folder, 'key.pem')}' }\n`);
  const end = Date.UTC(2030, 0, 1);
  const at = async (nowMs: number): Promise<string> => said(await checkCertificates(config, nowMs))[0] ?? '';
  assert.match(await at(end - 30 * 86_400_000), /^ok tls\.cert: good until \d{4}-/);
  assert.match(await at(end - 3.5 * 86_400_000), /^warning tls\.cert: ends in 3 days/);
  assert.match(await at(end + 1), /^problem tls\.cert: ended on/);
  writeFileSync(cert, 'none');
  assert.match(await at(0), /^problem tls\.cert: is no certificate/);
});

test('clients that are weaker than they need be are named together (RFC 9700 §2.1.1, §2.1.2)', () => {
  const record = (id: string, metadata: Readonly<Record<string, unknown>>, rest: Partial<ClientRecord> = {}): ClientRecord => ({
    clientId: clientId(id),
    metadata: { redirect_uris: ['https://a.example/'], token_endpoint_auth_method: 'none', ...metadata },
    secrets: [],
    enabled: true,
    epoch: 0,
    version: 1,
    source: 'admin',
    createdAt: 0,
    ...rest,
  });
  const plain = { redirect_uris: ['http://localhost:3000/cb'] };
  assert.deepEqual(
    said(
      checkClients(
        [
          record('good', {}),
          record('native', { application_type: 'native', redirect_uris: ['http://127.0.0.1/cb'] }),
          ...['a', 'b', 'c', 'd'].map((id) => record(id, plain)),
          record('off', plain, { enabled: false }),
          record('old', { token_endpoint_auth_method: 'client_secret_basic', hufu: { pkce: 'optional' } }),
          record('implicit', { response_types: ['id_token token'], grant_types: ['implicit'] }),
        ],
        'production',
      ),
    ),
    [
      'warning clients a, b, c and 1 more: is a web application with a redirect URI on the machine of its users: any program there may take its codes; that is for development',
      'warning client old: may do without PKCE; set hufu.pkce: required (RFC 9700 §2.1.1)',
      'warning client implicit: may get access tokens through the address of a page; move it to the code (RFC 9700 §2.1.2)',
    ],
  );
  assert.deepEqual(checkClients([record('a', plain)], 'development'), []);
});

test('a key that should have been replaced is named, unless its successor is there', () => {
  const DAY = 86_400;
  const key = (state: KeyStatus['state'], activeAt: number, expiresAt = 0): KeyStatus => ({
    kid: 'k',
    use: 'sig',
    alg: 'ES256',
    state,
    createdAt: 0,
    activeAt,
    retiredAt: 0,
    expiresAt,
  });
  const now = 100 * DAY;
  assert.deepEqual(checkKeys([key('current', now - 20 * DAY)], 30 * DAY, now), []);
  assert.match(
    said(checkKeys([key('current', now - 40 * DAY)], 30 * DAY, now))[0] ?? '',
    /^warning key k: ES256 in use since .* longer than signing\.rotate_every/,
  );
  assert.deepEqual(checkKeys([key('current', now - 40 * DAY), key('next', now + 60)], 30 * DAY, now), []);
  assert.match(said(checkKeys([key('retired', 0, now + 60)], 30 * DAY, now))[0] ?? '', /^ok key k: ES256 verifies nothing any more/);
});
