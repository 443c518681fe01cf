import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import { passportIntrospector } from '@hufu/resource/passport';
import { makeKey, signToken, startIssuer } from '@hufu/resource/testing/issuer';
import { readConfig } from '@hufu/server/config/read-config';
import { jsonLog } from '@hufu/server/log';
import { RefusedError } from '../command.ts';
import { type RunningEdge, runEdge } from './run-edge.ts';

const KEY = makeKey('ES256', 'k');
const SECRET = 'a secret of thirty-two characters or more';
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(
  passport: string,
  more: { readonly secret?: string; readonly upstream?: number } = {},
): Promise<{ readonly edge: RunningEdge; readonly token: string }> {
  const issuer = await startIssuer([KEY]);
  closing.push(() => issuer.close());
  const text = `
issuer: http://localhost:4400
gateway:
  listen: 127.0.0.1:0
  name: front
  ${more.secret ?? `secret: ${SECRET}`}
  origins: ["http://127.0.0.1:4401"]
  audience: https://api.example
  issuers: [{ issuer: "${issuer.issuer}", users: subject }]
  upstreams: { notes: { targets: [{ url: "http://127.0.0.1:${more.upstream ?? 9}" }] } }
  routes: [{ name: notes, path: /, upstream: notes, token: any }]
  passport: ${passport}
`;
  const config = readConfig({ text, file: 'hufu.yaml', env: {} });
  const log = jsonLog(
    () => undefined,
    () => 0,
  );
  const edge = await runEdge(config, config.gateway ?? assert.fail('no gateway'), log);
  closing.push(() => edge.close());
  const now = Math.floor(Date.now() / 1_000);
  const claims = {
    iss: issuer.issuer,
    aud: 'https://api.example',
    sub: 'mei',
    client_id: 'app',
    jti: 'j',
    iat: now,
    exp: now + 60,
    acr: 'gold',
  };
  return { edge, token: signToken(KEY, claims) };
}

async function startUpstream(): Promise<{ readonly port: number; readonly got: IncomingHttpHeaders[] }> {
  const got: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    got.push(request.headers);
    response.end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address() as AddressInfo;
  return { port: address.port, got };
}

test('a configured gateway sends Passports that a service verifies with the keys that it publishes', async () => {
  const { port, got } = await startUpstream();
  const { edge, token } = await start('{ levels: { acr: { gold: 3 } } }', { upstream: port });
  const url = `http://127.0.0.1:${edge.port}`;
  assert.equal((await fetch(`${url}/x`, { headers: { authorization: `Bearer ${token}`, passport: 'forged' } })).status, 200);
  const reader = passportIntrospector({ edge: 'front', service: 'notes', jwksUri: `${url}/edge/passport/jwks` });
  const reading = await reader.verify(String(got[0]?.['passport']));
  assert.ok(reading.kind === 'passport', JSON.stringify(reading));
  assert.equal(reading.passport.user?.subject, 'mei');
  reading.passport.require(3);
});

test('Passports that cannot be are refused at the start, with what is wrong', async () => {
  const wrong: readonly (readonly [string, string | undefined, RegExp])[] = [
    ['{}', '', /gateway\.secret/],
    ['{ services: { mail: {} } }', undefined, /an upstream mail, which there is not/],
    ['{ services: { notes: { actions: [USER_LOGOUT] } } }', undefined, /no key/],
    [
      '{ services: { notes: { jwks: { keys: [{ kty: OKP, crv: Ed25519, x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo }] } } } }',
      undefined,
      /a kid of its own/,
    ],
  ];
  for (const [passport, secret, message] of wrong)
    await assert.rejects(
      start(passport, secret === undefined ? {} : { secret }),
      (error) => error instanceof RefusedError && message.test(error.message),
      passport,
    );
});
