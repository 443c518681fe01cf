import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as oauth from 'oauth4webapi';
import * as oidc from 'openid-client';
import { ENGINES, freshDatabase, type TestDatabase } from '../support/databases.ts';
import { freePort } from '../support/hufu.ts';
import { type HufuProcess, startProcess } from '../support/hufu-process.ts';

const LOOPBACK = { [oauth.allowInsecureRequests]: true } as const;
const SECRET = 'a-secret-for-assertions-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789';
const ALGS = ['ES256', 'RS256', 'Ed25519'] as const;

const pairs = new Map<string, CryptoKeyPair>();
const jwks: object[] = [];
for (const alg of ALGS) {
  const pair = await makePair(alg);
  pairs.set(alg, pair);
  jwks.push({ ...(await publicJwk(pair)), kid: alg, use: 'sig' });
}

/** What a client may hold against a server: its own keys, where it serves them itself. */
const host = createServer((_, reply) => reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: jwks })));
before(() => new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve)));
after(() => {
  host.closeAllConnections();
  host.close();
});

function yaml(): string {
  const client = (id: string, method: string, more: string): string =>
    `  - { client_id: ${id}, token_endpoint_auth_method: ${method}, grant_types: [client_credentials], scope: notes, ${more}, hufu: { resource_server_of: ['https://notes.example/'] } }`;
  return `
policies: { outbound: { allow_hosts: [127.0.0.1] } }
signing: { algorithms: [ES256, RS256] }
clients:
${client('by-value', 'private_key_jwt', `jwks: ${JSON.stringify({ keys: jwks })}`)}
${client('by-reference', 'private_key_jwt', `jwks_uri: 'http://127.0.0.1:${(host.address() as AddressInfo).port}/jwks'`)}
${client('mac', 'client_secret_jwt', `client_secret: ${SECRET}`)}
resources:
  - { identifier: 'https://notes.example/', scopes: [notes], token_format: jwt }
`;
}

for (const engine of ENGINES) {
  describe(`client assertions of foreign libraries on ${engine}`, () => {
    let database: TestDatabase;
    let directory = '';
    let hufu: HufuProcess;
    before(async () => {
      database = await freshDatabase(engine);
      directory = await mkdtemp(join(tmpdir(), 'hufu-interop-'));
      hufu = await startProcess({ directory, port: await freePort(), database: database.url, yaml: yaml() });
    });
    after(async () => {
      await hufu?.stop();
      await database?.drop();
      await rm(directory, { recursive: true, force: true });
    });

    test('metadata say the methods and their algorithms (RFC 8414 §2)', async () => {
      const as = await discover(hufu.origin);
      for (const method of ['private_key_jwt', 'client_secret_jwt']) assert.ok(as.token_endpoint_auth_methods_supported?.includes(method));
      for (const alg of ['ES256', 'RS256', 'HS256']) assert.ok(as.token_endpoint_auth_signing_alg_values_supported?.includes(alg), alg);
    });

    for (const clientId of ['by-value', 'by-reference']) {
      for (const alg of ALGS) {
        test(`private_key_jwt with ${alg}, keys ${clientId}: oauth4webapi and openid-client (RFC 7523 §2.2, OpenID Connect Core §9)`, async () => {
          const { privateKey } = pairs.get(alg) ?? assert.fail();
          const key = { key: privateKey, kid: alg };
          await useWithOauth4webapi(hufu.origin, clientId, oauth.PrivateKeyJwt(key));
          await useWithOpenidClient(hufu.origin, clientId, oidc.PrivateKeyJwt(key));
        });
      }
    }

    test('client_secret_jwt: oauth4webapi and openid-client (RFC 7523 §2.2, OpenID Connect Core §9)', async () => {
      await useWithOauth4webapi(hufu.origin, 'mac', oauth.ClientSecretJwt(SECRET));
      await useWithOpenidClient(hufu.origin, 'mac', oidc.ClientSecretJwt(SECRET));
      await assert.rejects(useWithOauth4webapi(hufu.origin, 'mac', oauth.ClientSecretJwt(`${SECRET}x`)), isInvalidClient);
    });

    test('an assertion that a library has made once is good once (RFC 7523 §3)', async () => {
      const as = await discover(hufu.origin);
      const { privateKey } = pairs.get('ES256') ?? assert.fail();
      let body: URLSearchParams | undefined;
      const keep = oauth.PrivateKeyJwt({ key: privateKey, kid: 'ES256' });
      const proof: oauth.ClientAuth = async (server, client, form, headers) => {
        await keep(server, client, form, headers);
        body ??= new URLSearchParams(form);
        for (const name of ['client_assertion', 'client_assertion_type']) form.set(name, body.get(name) ?? '');
      };
      const rp = { client_id: 'by-value' };
      const ask = async (): Promise<unknown> =>
        oauth.processClientCredentialsResponse(as, rp, await oauth.clientCredentialsGrantRequest(as, rp, proof, {}, LOOPBACK));
      await ask();
      await assert.rejects(ask(), isInvalidClient);
    });

    test('nothing of all this was an error on our side, and no assertion is in the log', () => {
      assert.deepEqual(
        hufu.lines.filter((line) => line.includes('"level":"error"') || line.includes('eyJ')),
        [],
      );
    });
  });
}

/** A token for itself, what a resource server says of it, and its end: the three endpoints that authenticate clients. */
async function useWithOauth4webapi(origin: string, clientId: string, proof: oauth.ClientAuth): Promise<void> {
  const as = await discover(origin);
  const rp = { client_id: clientId };
  const reply = await oauth.clientCredentialsGrantRequest(as, rp, proof, { scope: 'notes' }, LOOPBACK);
  const { access_token: token } = await oauth.processClientCredentialsResponse(as, rp, reply);
  const seen = async (): Promise<oauth.IntrospectionResponse> =>
    oauth.processIntrospectionResponse(as, rp, await oauth.introspectionRequest(as, rp, proof, token, LOOPBACK));
  assert.equal((await seen()).active, true);
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, rp, proof, token, LOOPBACK));
  assert.equal((await seen()).active, false);
}

async function useWithOpenidClient(origin: string, clientId: string, proof: oidc.ClientAuth): Promise<void> {
  const config = await oidc.discovery(new URL(origin), clientId, undefined, proof, { execute: [oidc.allowInsecureRequests] });
  const { access_token: token } = await oidc.clientCredentialsGrant(config, { scope: 'notes' });
  assert.equal((await oidc.tokenIntrospection(config, token)).active, true);
  await oidc.tokenRevocation(config, token);
  assert.equal((await oidc.tokenIntrospection(config, token)).active, false);
}

async function discover(origin: string): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(origin);
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...LOOPBACK }));
}

async function makePair(alg: (typeof ALGS)[number]): Promise<CryptoKeyPair> {
  const algorithm = {
    ES256: { name: 'ECDSA', namedCurve: 'P-256' },
    RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
    Ed25519: { name: 'Ed25519' },
  }[alg];
  const made = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  return 'privateKey' in made ? made : assert.fail('not a pair');
}

async function publicJwk({ publicKey }: CryptoKeyPair): Promise<object> {
  const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey('jwk', publicKey);
  return { kty, crv, x, y, n, e };
}

/** A 401 has a challenge (RFC 9110 §15.5.2), and this library then tells of that rather than of the body. */
function isInvalidClient(error: unknown): boolean {
  return error instanceof oauth.WWWAuthenticateChallengeError && error.status === 401 && error.cause[0]?.scheme === 'basic';
}
