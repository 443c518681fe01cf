/** Foreign clients that show certificates (RFC 8705), over TLS of their own. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createClient } from '@hufu/client/client';
import { tlsClientAuth } from '@hufu/client/client-authentication';
import { clientCredentials } from '@hufu/client/grants';
import { mutualTlsFetch } from '@hufu/client/node-mutual-tls';
import { type MadeCertificate, makeCertificate } from '@hufu/server/testing/certificates';
import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { testCertificate } from '../support/certificate.ts';
import { ENGINES, freshDatabase, type TestDatabase } from '../support/databases.ts';
import { freePort } from '../support/hufu.ts';
import { type HufuProcess, startProcess } from '../support/hufu-process.ts';

const server = testCertificate();
const authority = makeCertificate({ subject: [['CN', 'Clients CA']], isAuthority: true });
const signed = makeCertificate({ subject: [['CN', 'bank']], issuer: authority, altNames: [['dns', 'bank.example']] });
const own = makeCertificate({ subject: [['CN', 'till']] });

const JWK = JSON.stringify({ ...own.publicKey.export({ format: 'jwk' }), kid: 'till' });
const COMMON =
  'grant_types: [authorization_code, client_credentials], redirect_uris: [https://app.example/cb], scope: read, tls_client_certificate_bound_access_tokens: true';
const YAML = `
policies: { brute_force: off }
clients:
  - { client_id: bank, token_endpoint_auth_method: tls_client_auth, tls_client_auth_san_dns: bank.example, ${COMMON} }
  - { client_id: till, token_endpoint_auth_method: self_signed_tls_client_auth, jwks: { keys: [${JWK}] }, ${COMMON} }
resources:
  - { identifier: 'https://api.example/', scopes: [read] }
`;

/** What both libraries take instead of `fetch`. */
type Fetch = (
  url: string,
  init?: { readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown },
) => Promise<Response>;

/** `fetch` that shows a certificate, or none. */
function fetchWith(certificate: MadeCertificate | undefined): Fetch {
  const shown = certificate === undefined ? {} : { cert: certificate.cert, key: certificate.key };
  const agent = new Agent({ ...shown, ca: server.cert });
  return (url, init) =>
    new Promise((resolve, reject) => {
      const body = init?.body === undefined || init.body === null ? undefined : String(init.body);
      const sent = request(url, { agent, method: init?.method ?? 'GET', headers: { ...init?.headers } }, (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('error', reject);
        reply.on('end', () => {
          const received = new Headers();
          for (const [name, value] of Object.entries(reply.headers)) received.set(name, String(value));
          resolve(new Response(Buffer.concat(chunks), { status: reply.statusCode ?? 500, headers: received }));
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
}

for (const engine of ENGINES) {
  describe(`openid-client and oauth4webapi with certificates, on ${engine}`, () => {
    let directory: string;
    let database: TestDatabase;
    let hufu: HufuProcess;
    before(async () => {
      directory = await mkdtemp(join(tmpdir(), 'hufu-interop-mtls-'));
      database = await freshDatabase(engine);
      const port = await freePort();
      hufu = await startProcess({
        directory,
        port,
        database: database.url,
        yaml: YAML,
        mode: 'test',
        tls: server,
        clientCa: authority.cert,
      });
    });
    after(async () => {
      await hufu?.stop();
      await database?.drop();
      await rm(directory, { recursive: true, force: true });
    });

    /** What the protected resource says to a token that comes with a certificate. */
    async function use(token: string, certificate: MadeCertificate | undefined): Promise<readonly [number, unknown]> {
      const reply = await fetchWith(certificate)(`${hufu.origin}/test/resource`, { headers: { authorization: `Bearer ${token}` } });
      return [reply.status, Object(await reply.json()).client_id];
    }

    function thumbprintOf(token: string): unknown {
      return Object(jose.decodeJwt(token)['cnf'])['x5t#S256'];
    }

    test('openid-client: tls_client_auth by the metadata’s aliases, and a token that needs the certificate (RFC 8705 §2.1, §3, §5)', async () => {
      const config = await client.discovery(new URL(hufu.origin), 'bank', { use_mtls_endpoint_aliases: true }, client.TlsClientAuth(), {
        [client.customFetch]: fetchWith(signed),
      });
      config[client.customFetch] = fetchWith(signed);
      const { access_token: token } = await client.clientCredentialsGrant(config, { scope: 'read' });
      assert.equal(typeof thumbprintOf(token), 'string');
      assert.deepEqual(await use(token, signed), [200, 'bank']);
      assert.deepEqual(await use(token, undefined), [401, undefined]);
      assert.deepEqual(await use(token, own), [401, undefined]);
      config[client.customFetch] = fetchWith(own);
      await assert.rejects(client.clientCredentialsGrant(config, { scope: 'read' }), { status: 401 });
    });

    test('oauth4webapi: self_signed_tls_client_auth, at the token endpoint and where requests are pushed (RFC 8705 §2.2, RFC 9126 §2)', async () => {
      const issuer = new URL(hufu.origin);
      const options = { [oauth.customFetch]: fetchWith(own) };
      const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options));
      const till: oauth.Client = { client_id: 'till', use_mtls_endpoint_aliases: true };
      const asked = await oauth.clientCredentialsGrantRequest(as, till, oauth.TlsClientAuth(), { scope: 'read' }, options);
      const { access_token: token } = await oauth.processClientCredentialsResponse(as, till, asked);
      assert.equal(typeof thumbprintOf(token), 'string');
      assert.deepEqual(await use(token, own), [200, 'till']);
      assert.deepEqual(await use(token, signed), [401, undefined]);
      const challenge = await oauth.calculatePKCECodeChallenge(oauth.generateRandomCodeVerifier());
      const parameters = {
        response_type: 'code',
        redirect_uri: 'https://app.example/cb',
        scope: 'read',
        code_challenge: challenge,
        code_challenge_method: 'S256',
      };
      const pushed = await oauth.pushedAuthorizationRequest(as, till, oauth.TlsClientAuth(), parameters, options);
      const { request_uri: uri } = await oauth.processPushedAuthorizationResponse(as, till, pushed);
      assert.match(uri, /^urn:ietf:params:oauth:request_uri:/);
      const stranger = { [oauth.customFetch]: fetchWith(signed) };
      const refused = await oauth.pushedAuthorizationRequest(as, till, oauth.TlsClientAuth(), parameters, stranger);
      assert.equal(refused.status, 401);
    });

    test('@hufu/client: both methods, and no token without the right certificate (RFC 8705 §2.1, §2.2, §3)', async () => {
      const clientOf = (clientId: string, { cert, key }: MadeCertificate): ReturnType<typeof createClient> =>
        createClient({
          issuer: hufu.origin,
          clientId,
          authentication: tlsClientAuth(),
          fetch: mutualTlsFetch({ cert, key, ca: server.cert }),
        });
      for (const [id, certificate] of [
        ['bank', signed],
        ['till', own],
      ] as const) {
        const { accessToken } = await clientCredentials(clientOf(id, certificate), { scope: 'read' });
        assert.deepEqual(await use(accessToken, certificate), [200, id]);
        assert.deepEqual(await use(accessToken, undefined), [401, undefined]);
      }
      await assert.rejects(clientCredentials(clientOf('bank', own), { scope: 'read' }), { kind: 'refused', code: 'invalid_client' });
    });
  });
}
