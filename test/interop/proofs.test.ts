/** Foreign clients that prove their keys: DPoP with and without nonces (RFC 9449), certificates (RFC 8705). */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type MadeCertificate, makeCertificate } from '@hufu/server/testing/certificates';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { Agent, pkce } from '../support/agent.ts';
import { testCertificate } from '../support/certificate.ts';
import { BASIC_YAML, startHufu, type TestHufu, USER } from '../support/hufu.ts';

const EXTRA = `
  - { client_id: nonces, token_endpoint_auth_method: none, redirect_uris: [https://app.example/cb], grant_types: [authorization_code, refresh_token], dpop_bound_access_tokens: true, hufu: { first_party: true, dpop_nonce: required } }
`;
const REDIRECT_URI = 'https://app.example/cb';

describe('openid-client and oauth4webapi with DPoP', () => {
  let hufu: TestHufu;
  before(async () => {
    hufu = await startHufu({ yaml: BASIC_YAML.replace('\nresources:', `${EXTRA}resources:`) });
  });
  after(() => hufu.stop());

  /** The address that the browser is sent back to. */
  async function arrive(url: URL): Promise<URL> {
    const agent = new Agent(hufu.issuer);
    let page = await agent.get(url.pathname + url.search);
    for (let steps = 0; steps < 6 && page.location.startsWith('/'); steps++) {
      page = await agent.get(page.location);
      if (page.name === 'signin') page = await agent.submit(page, USER);
    }
    return new URL(page.location);
  }

  for (const clientId of ['spa', 'nonces']) {
    test(`openid-client: code, userinfo, refresh of the client ${clientId} are bound to its key (RFC 9449 §5, §7, §8)`, async () => {
      const config = await client.discovery(new URL(hufu.issuer), clientId, undefined, client.None(), {
        execute: [client.allowInsecureRequests],
      });
      const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
      const { verifier, challenge } = pkce();
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: REDIRECT_URI,
        scope: 'openid email',
        code_challenge: challenge,
        code_challenge_method: 'S256',
      });
      const tokens = await client.authorizationCodeGrant(config, await arrive(url), { pkceCodeVerifier: verifier }, undefined, { DPoP });
      assert.equal(tokens.token_type, 'dpop');
      const sub = tokens.claims()?.sub ?? assert.fail();
      for (let round = 0; round < 2; round++)
        assert.equal((await client.fetchUserInfo(config, tokens.access_token, sub, { DPoP })).sub, sub);
      const resource = new URL(`${hufu.issuer}/test/resource`);
      const reply = await client.fetchProtectedResource(config, tokens.access_token, resource, 'GET', undefined, undefined, { DPoP });
      assert.equal(Object(await reply.json()).sub, sub);
      const renewed = await client.refreshTokenGrant(config, tokens.refresh_token ?? assert.fail(), undefined, { DPoP });
      assert.equal(renewed.token_type, 'dpop');
      const stranger = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
      await assert.rejects(
        client.refreshTokenGrant(config, renewed.refresh_token ?? assert.fail(), undefined, { DPoP: stranger }),
        /invalid_grant|error/,
      );
      assert.equal((await client.refreshTokenGrant(config, renewed.refresh_token ?? '', undefined, { DPoP })).token_type, 'dpop');
    });
  }

  for (const alg of ['ES256', 'PS256', 'Ed25519'] as const) {
    test(`oauth4webapi: a client's own token is bound to its ${alg} key (RFC 9449 §5)`, async () => {
      const insecure = { [oauth.allowInsecureRequests]: true } as const;
      const issuer = new URL(hufu.issuer);
      const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
      assert.ok(as.dpop_signing_alg_values_supported?.includes(alg));
      const rp: oauth.Client = { client_id: 'machine' };
      const DPoP = oauth.DPoP(rp, await oauth.generateKeyPair(alg));
      const proof = oauth.ClientSecretBasic('machine-secret-0123456789abcdef012345');
      const reply = await oauth.clientCredentialsGrantRequest(as, rp, proof, { scope: 'read' }, { ...insecure, DPoP });
      const tokens = await oauth.processClientCredentialsResponse(as, rp, reply);
      assert.equal(tokens.token_type, 'dpop');
      const url = new URL(`${hufu.issuer}/test/resource`);
      const ask = (): Promise<Response> =>
        oauth.protectedResourceRequest(tokens.access_token, 'GET', url, undefined, undefined, { ...insecure, DPoP });
      // The nonce that it has is the authorization server's; the first answer of the resource brings another (RFC 9449 §9).
      const shown = await ask().catch((error: unknown) => {
        assert.ok(error instanceof oauth.WWWAuthenticateChallengeError && oauth.isDPoPNonceError(error));
        return ask();
      });
      assert.equal(Object(await shown.json()).client_id, 'machine');
      const opaque = { token: tokens.access_token, insecure, as, rp, proof };
      const seen = await oauth.processIntrospectionResponse(
        as,
        rp,
        await oauth.introspectionRequest(as, rp, proof, opaque.token, insecure),
      );
      assert.equal(seen.cnf?.jkt, await DPoP.calculateThumbprint());
    });
  }
});

describe('certificates with Node’s own TLS client', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hufu-interop-tls-'));
  const { cert, key } = testCertificate();
  const ca: MadeCertificate = makeCertificate({ subject: [['CN', 'Clients CA']], isAuthority: true });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('curl, if it is there, is a client of tls_client_auth, and its token is bound (RFC 8705 §2.1, §3)', async (context) => {
    const { execFile } = await import('node:child_process');
    const { promisify } = await import('node:util');
    const run = promisify(execFile);
    const write = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      return join(folder, name);
    };
    const mine = makeCertificate({ subject: [['CN', 'curl']], issuer: ca, altNames: [['dns', 'curl.example']] });
    const yaml = `tls: { cert: ${write('cert.pem', cert)}, key: ${write('key.pem', key)}, client_certificates: optional, client_ca: ${write('ca.pem', ca.cert)} }\n${BASIC_YAML.replace(
      '\nresources:',
      `\n  - { client_id: curl, token_endpoint_auth_method: tls_client_auth, tls_client_auth_san_dns: curl.example, grant_types: [client_credentials], scope: read, tls_client_certificate_bound_access_tokens: true }\nresources:`,
    )}`;
    const hufu = await startHufu({ yaml, issuer: 'https://localhost' });
    try {
      const { port } = new URL(hufu.origin);
      const at = (path: string): string[] => [
        '--silent',
        '--cacert',
        join(folder, 'cert.pem'),
        '--resolve',
        `localhost:${port}:127.0.0.1`,
        `https://localhost:${port}${path}`,
      ];
      const withCertificate = ['--cert', write('mine.pem', mine.cert), '--key', write('mine.key', mine.key)];
      const asked = await run('curl', [
        ...at('/oauth/token'),
        ...withCertificate,
        '-d',
        'grant_type=client_credentials&scope=read&client_id=curl',
      ]).catch((error: unknown) => {
        if (Object(error).code === 'ENOENT') return undefined;
        throw error;
      });
      if (asked === undefined) return context.diagnostic('there is no curl here');
      const token = String(Object(JSON.parse(asked.stdout)).access_token);
      const bearer = ['-H', `Authorization: Bearer ${token}`];
      assert.equal(
        Object(JSON.parse((await run('curl', [...at('/test/resource'), ...withCertificate, ...bearer])).stdout)).client_id,
        'curl',
      );
      assert.equal(Object(JSON.parse((await run('curl', [...at('/test/resource'), ...bearer])).stdout)).error, 'invalid_token');
    } finally {
      await hufu.stop();
    }
  });
});
