/** `@hufu/resource` takes the tokens of any standard authorization server: oidc-provider's here, and Hufu's by the same tests. */
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { protect } from '@hufu/resource/protect';
import { type Verifier, verifier } from '@hufu/resource/verifier';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import { postForm } from '../support/agent.ts';
import { freePort, OPAQUE_RESOURCE, RESOURCE, startHufu } from '../support/hufu.ts';

interface Side {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint: string;
  /** `id:secret` of a client that gets tokens for itself. */
  readonly machine: string;
  /** Of the API, which may introspect. */
  readonly api: { readonly clientId: string; readonly clientSecret: string };
  stop(): Promise<void>;
}

const SECRETS = { machine: 'machine-secret-0123456789abcdef012345', api: 'api-secret-0123456789abcdef0123456789' } as const;

async function ofHufu(): Promise<Side> {
  const hufu = await startHufu();
  return {
    issuer: hufu.issuer,
    tokenEndpoint: `${hufu.issuer}/oauth/token`,
    revocationEndpoint: `${hufu.issuer}/oauth/revoke`,
    machine: `machine:${SECRETS.machine}`,
    api: { clientId: 'api', clientSecret: SECRETS.api },
    stop: () => hufu.stop(),
  };
}

async function ofOidcProvider(): Promise<Side> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: 'es', alg: 'ES256', use: 'sig' };
  const scopes: Readonly<Record<string, string>> = { [RESOURCE]: 'read write', [OPAQUE_RESOURCE]: 'opaque' };
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'machine',
        client_secret: SECRETS.machine,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: 'ES256',
      },
      {
        client_id: 'api',
        client_secret: SECRETS.api,
        grant_types: [],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [jwk] },
    cookies: { keys: ['interop'] },
    scopes: ['read', 'write', 'opaque'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      introspection: { enabled: true, allowedPolicy: async () => true },
      revocation: { enabled: true, allowedPolicy: async () => true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: async (_context: unknown, resource: string) => ({
          scope: scopes[resource] ?? '',
          audience: resource,
          accessTokenTTL: 600,
          accessTokenFormat: resource === RESOURCE ? 'jwt' : 'opaque',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  });
  const server = createServer(provider.callback());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    issuer,
    tokenEndpoint: `${issuer}/token`,
    revocationEndpoint: `${issuer}/token/revocation`,
    machine: `machine:${SECRETS.machine}`,
    api: { clientId: 'api', clientSecret: SECRETS.api },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const jwk = key.publicKey.export({ format: 'jwk' });

/** A DPoP proof (RFC 9449 §4.2). */
function proof(htm: string, htu: string, token?: string): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const ath = token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') };
  const claims = { jti: randomUUID(), htm, htu, iat: Math.floor(Date.now() / 1000), ...ath };
  const input = `${encode({ typ: 'dpop+jwt', alg: 'ES256', jwk })}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

for (const [name, start] of [
  ['oidc-provider', ofOidcProvider],
  ['Hufu', ofHufu],
] as const) {
  describe(`${name} as the issuer`, () => {
    let side: Side;
    before(async () => {
      side = await start();
    });
    after(() => side.stop());

    const get = async (scope: string, resource: string, headers: Readonly<Record<string, string>> = {}): Promise<string> => {
      const body = new URLSearchParams({ grant_type: 'client_credentials', scope, resource });
      const reply = await fetch(side.tokenEndpoint, {
        method: 'POST',
        body,
        headers: { authorization: `Basic ${btoa(side.machine)}`, ...headers },
      });
      const text = await reply.text();
      assert.equal(reply.status, 200, text);
      const { access_token: token }: { readonly access_token?: unknown } = JSON.parse(text);
      return String(token);
    };
    const make = (audience: string): Verifier =>
      verifier({ issuer: side.issuer, audience, introspection: { credentials: side.api, ttlSeconds: 0, negativeTtlSeconds: 0 } });

    test('its JWT access tokens hold at their resource, with its keys found by its metadata (RFC 9068 §4, RFC 8414 §3)', async () => {
      const token = await get('read', RESOURCE);
      const found = await make(RESOURCE).verify(token);
      assert.ok(found.kind === 'live', found.kind === 'refused' ? found.reason : '');
      assert.deepEqual([found.subject, found.clientId, found.scopes, found.audience], ['machine', 'machine', ['read'], [RESOURCE]]);
      const elsewhere = await make('https://elsewhere.example').verify(token);
      assert.equal(elsewhere.kind === 'refused' && elsewhere.reason, 'wrong_audience');
      const forged = await make(RESOURCE).verify(`${token.slice(0, -8)}AAAAAAAA`);
      assert.equal(forged.kind === 'refused' && forged.reason, 'wrong_signature');
    });

    test('its opaque tokens hold by what it answers, until they are revoked (RFC 7662 §2.2, RFC 7009 §2.2)', async () => {
      const token = await get('opaque', OPAQUE_RESOURCE);
      const tokens = make(OPAQUE_RESOURCE);
      const found = await tokens.verify(token);
      assert.ok(found.kind === 'live', found.kind === 'refused' ? `${found.reason} ${found.error.detail}` : '');
      assert.deepEqual(
        [found.subject, found.clientId, found.scopes, found.audience],
        ['machine', 'machine', ['opaque'], [OPAQUE_RESOURCE]],
      );
      assert.ok(found.expiresAt > Date.now() / 1000);
      const elsewhere = await make(RESOURCE).verify(token);
      assert.equal(elsewhere.kind === 'refused' && elsewhere.reason, 'wrong_audience');
      const revoked = await postForm(side.revocationEndpoint, { token }, side.machine);
      assert.equal(revoked.status, 200);
      const dead = await tokens.verify(token);
      assert.equal(dead.kind === 'refused' && dead.reason, 'inactive');
      const unknown = await tokens.verify('nobody-has-issued-this');
      assert.equal(unknown.kind === 'refused' && unknown.reason, 'inactive');
    });

    test('its tokens that are bound to a key need its proof, JWT or opaque (RFC 9449 §7.1, §6.2)', async () => {
      for (const [scope, resource] of [
        ['read', RESOURCE],
        ['opaque', OPAQUE_RESOURCE],
      ] as const) {
        const token = await get(scope, resource, { dpop: proof('POST', side.tokenEndpoint) });
        const protection = protect(make(resource), { scope });
        const url = `${resource}things`;
        const ask = (authorization: string, dpop?: string): ReturnType<typeof protection> =>
          protection({ headers: { authorization, dpop }, method: 'GET', url: '/things' });
        const good = await ask(`DPoP ${token}`, proof('GET', url, token));
        assert.equal(good.kind, 'allowed', `${resource} ${good.kind === 'refused' ? good.reason : ''}`);
        const bare = await ask(`Bearer ${token}`);
        assert.equal(bare.kind === 'refused' && bare.reason, 'sender_constrained');
        const other = await ask(`DPoP ${token}`, proof('GET', `${url}/other`, token));
        assert.equal(other.kind === 'refused' && other.reason, 'wrong_proof');
      }
    });

    test('while it is away, JWTs hold by the keys that are there, and opaque tokens are nobody’s to judge: 503', async () => {
      const [jwt, opaque] = [await get('read', RESOURCE), await get('opaque', OPAQUE_RESOURCE)];
      let isAway = false;
      const away = (url: string, init: RequestInit): Promise<Response> =>
        isAway ? Promise.reject(new TypeError('fetch failed')) : fetch(url, init);
      const options = { issuer: side.issuer, fetch: away, introspection: { credentials: side.api, ttlSeconds: 0 } };
      const jwts = verifier({ ...options, audience: RESOURCE });
      const opaques = verifier({ ...options, audience: OPAQUE_RESOURCE });
      assert.equal((await jwts.verify(jwt)).kind, 'live');
      assert.equal((await opaques.verify(opaque)).kind, 'live');
      isAway = true;
      assert.equal((await jwts.verify(await get('read', RESOURCE))).kind, 'live');
      const unknown = await opaques.verify(opaque);
      assert.ok(unknown.kind === 'refused');
      assert.deepEqual([unknown.reason, unknown.error.status], ['introspection_unavailable', 503]);
    });
  });
}
