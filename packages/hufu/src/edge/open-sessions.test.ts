import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, test } from 'node:test';
import { readConfig } from '@hufu/server/config/read-config';
import { jsonLog } from '@hufu/server/log';
import { openStore } from '@hufu/store/open';
import { RefusedError } from '../command.ts';
import { type RunningEdge, runEdge } from './run-edge.ts';

const closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Written {
  readonly secret?: string;
  readonly session?: string;
  readonly origins?: string;
  readonly route?: string;
  readonly client?: string;
}

const SECRET = 'secret: 0123456789abcdef0123456789abcdef';

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'hufu-edge-'));
  closing.push(() => rmSync(directory, { recursive: true }));
  return directory;
}

async function start(directory: string, written: Written = {}, lines: string[] = []): Promise<RunningEdge> {
  const text = `
issuer: http://localhost:4400
data_dir: ${directory}
${written.client === undefined ? '' : `clients: [{ client_id: edge, client_secret: secret-0123456789abcdef0123456789, ${written.client} }]`}
gateway:
  listen: 127.0.0.1:0
  origins: [${written.origins ?? '"http://localhost:4401"'}]
  audience: https://api.example
  ${written.secret ?? SECRET}
  session: { client_id: edge, ${written.session ?? 'client_secret: secret'} }
  upstreams: { notes: { targets: [{ url: "http://127.0.0.1:9" }] } }
  routes: [{ name: notes, path: /, upstream: notes, token: user, session: true${written.route ?? ''} }]
`;
  const config = readConfig({ text, file: 'hufu.yaml', env: {} });
  const log = jsonLog(
    (line) => lines.push(line),
    () => 0,
  );
  const edge = await runEdge(config, config.gateway ?? assert.fail('no gateway'), log);
  closing.push(() => edge.close());
  return edge;
}

test('a gateway alone keeps sessions in a database of its own, and knows who signs in at it', async () => {
  const { port } = await start(folder());
  // fetch has no say about Host; the name of the socket is the name of the gateway.
  const url = `http://localhost:${port}`;
  const reply = await fetch(`${url}/edge/session`, { headers: { 'x-csrf': '1' } });
  assert.deepEqual(await reply.json(), { signed_in: false, login_url: '/edge/login', logout_url: '/edge/logout' });
  assert.equal((await fetch(`${url}/notes`)).status, 401);
});

test('the client of the sessions may have a private key, as hufu client key create writes it or as a JWK (RFC 7523 §2.2)', async () => {
  const directory = folder();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const account = { client_email: 'edge', private_key_id: 'k', private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
  for (const [name, value] of Object.entries({ account, jwk: { ...privateKey.export({ format: 'jwk' }), alg: 'ES256' } })) {
    const file = join(directory, `${name}.json`);
    writeFileSync(file, JSON.stringify(value));
    const { port } = await start(folder(), { session: `private_key: ${file}` });
    assert.equal((await fetch(`http://localhost:${port}/edge/session`, { headers: { 'x-csrf': '1' } })).status, 200);
  }
});

test('sessions that cookies keep need no database', async () => {
  const directory = folder();
  const { port } = await start(directory, { session: 'client_secret: secret, keep: cookie, renewals: memory' });
  const reply = await fetch(`http://localhost:${port}/edge/session`, { headers: { 'x-csrf': '1' } });
  assert.equal(Object(await reply.json()).signed_in, false);
  assert.deepEqual(readdirSync(directory), []);
});

test('a client that may not send people back after a sign-out is worth a word', async () => {
  const lines: string[] = [];
  await start(folder(), { client: 'redirect_uris: ["http://localhost:4401/edge/callback"]' }, lines);
  assert.match(lines.join('\n'), /edge\.warning.*needs http:\/\/localhost:4401\/ among its post_logout_redirect_uris/);
});

test('sessions that cannot be are refused at the start, with what is wrong', async () => {
  const two = '"https://app.example", "https://api.example"';
  const key = join(folder(), 'key.json');
  writeFileSync(key, '{"kty":"EC"}');
  const wrong: readonly (readonly [Written, RegExp])[] = [
    [{ secret: 'name: edge' }, /gateway\.secret: is needed where the gateway runs alone/],
    [{ origins: two }, /gateway\.session\.origin: the gateway has several origins/],
    [{ session: 'client_secret: s, origin: "https://other.example"' }, /none of the gateway's origins/],
    [{ origins: two, session: 'client_secret: s, origin: "https://app.example"' }, /notes takes sessions, .* hosts: \[app\.example\]/],
    [{ origins: two, session: 'client_secret: s, origin: "https://app.example"', route: ', hosts: [api.example]' }, /notes takes sessions/],
    [{ session: `private_key: ${key}` }, /gateway\.session\.private_key: this is no private key/],
    [
      { client: 'redirect_uris: ["http://localhost:4401/cb"]' },
      /edge, .* needs http:\/\/localhost:4401\/edge\/callback among its redirect_uris/,
    ],
    [{ session: 'client_secret: s, issuer: "http://id.example"' }, /issuer is not an https address/],
  ];
  for (const [written, message] of wrong)
    await assert.rejects(
      start(folder(), written),
      (error) => error instanceof RefusedError && message.test(error.message),
      String(message),
    );
});

test('a database whose schema is older is left as it is: a gateway does not migrate what others use', async () => {
  const directory = folder();
  const path = join(directory, 'hufu.db');
  await (await openStore(`sqlite:${path}`)).close();
  const handle = new DatabaseSync(path);
  handle.exec('DELETE FROM schema_migrations WHERE version = (SELECT max(version) FROM schema_migrations)');
  handle.close();
  await assert.rejects(start(directory), (error) => error instanceof RefusedError && /run hufu migrate first/.test(error.message));
});
