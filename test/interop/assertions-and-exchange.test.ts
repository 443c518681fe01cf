import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createClient } from '@hufu/client/client';
import { clientSecretBasic } from '@hufu/client/client-secret';
import { clientCredentials, exchangeToken, jwtBearer, serviceAccountToken } from '@hufu/client/grants';
import { privateKeyJwt, readServiceAccount } from '@hufu/client/private-key';
import { JWT } from 'google-auth-library';
import * as jose from 'jose';
import * as oauth from 'oauth4webapi';
import * as oidc from 'openid-client';
import { clientKeyCreate } from '../../packages/hufu/src/commands/client-key-create.ts';
import { Agent, authorizeAs, exchange } from '../support/agent.ts';
import { ENGINES, freshDatabase, type TestDatabase } from '../support/databases.ts';
import { freePort } from '../support/hufu.ts';
import { type HufuProcess, startProcess } from '../support/hufu-process.ts';

const LOOPBACK = { [oauth.allowInsecureRequests]: true } as const;
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const SECRET = 'gate-secret-0123456789abcdef0123456789';
const USER = { username: 'mei', password: 'a long enough password' };
const IDP = 'https://idp.example';
const idp = await jose.generateKeyPair('ES256');
const idpJwk = { ...(await jose.exportJWK(idp.publicKey)), kid: 'idp' };

/** What `hufu client key create robot` prints: the file for the program, and the key for the configuration. */
async function createKey(): Promise<{ readonly account: Readonly<Record<string, string>>; readonly jwks: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const call = { args: ['robot'], env: {}, out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
  await clientKeyCreate.run(call);
  return { account: JSON.parse(out.join('\n')), jwks: err.at(-1) ?? '' };
}
const { account, jwks } = await createKey();

const YAML = `
signing: { algorithms: [ES256, RS256] }
policies:
  trusted_issuers:
    - { issuer: '${IDP}', accepts: [jwt-bearer, id-jag], jwks: ${JSON.stringify({ keys: [idpJwk] })}, subject: username, clients: [gate], scopes: [notes] }
clients:
  - client_id: spa
    token_endpoint_auth_method: none
    redirect_uris: [https://app.example/cb]
    grant_types: [authorization_code, refresh_token]
    hufu: { first_party: true }
  - client_id: gate
    client_secret: ${SECRET}
    redirect_uris: [https://gate.example/cb]
    grant_types: [authorization_code, '${EXCHANGE}', '${JWT_BEARER}']
    hufu:
      first_party: true
      resource_server_of: ['https://notes.example/', 'https://files.example/']
      token_exchange: { audiences: ['https://files.example/'], scopes: [notes], id_jag: [{ audience: 'https://chat.example', client_id: us }] }
  - client_id: robot
    token_endpoint_auth_method: private_key_jwt
    grant_types: ['${JWT_BEARER}']
    scope: notes files
${jwks}
resources:
  - { identifier: 'https://notes.example/', scopes: [notes], token_format: jwt }
  - { identifier: 'https://files.example/', scopes: [files, notes], token_format: opaque }
users: [{ username: ${USER.username}, password: ${USER.password} }]
`;

for (const engine of ENGINES) {
  describe(`assertions and exchange of foreign libraries on ${engine}`, () => {
    let database: TestDatabase;
    let directory = '';
    let hufu: HufuProcess;
    before(async () => {
      database = await freshDatabase(engine);
      directory = await mkdtemp(join(tmpdir(), 'hufu-interop-'));
      hufu = await startProcess({ directory, port: await freePort(), database: database.url, yaml: YAML });
    });
    after(async () => {
      await hufu?.stop();
      await database?.drop();
      await rm(directory, { recursive: true, force: true });
    });

    /** The library's own idea of where the token endpoint is cannot be changed; where its requests go can. */
    const google = (file: Readonly<Record<string, string>> = account): JWT =>
      new JWT({
        email: file['client_email'] ?? '',
        key: file['private_key'] ?? '',
        keyId: file['private_key_id'] ?? '',
        scopes: ['notes'],
        additionalClaims: { aud: `${hufu.origin}/oauth/token` },
        transporterOptions: { fetchImplementation: (_input, init) => fetch(`${hufu.origin}/oauth/token`, init) },
      });

    test('google-auth-library: a service account with the file of hufu client key create (RFC 7523 §2.1)', async () => {
      const { access_token: token, token_type: type } = await google().authorize();
      assert.equal(type, 'Bearer');
      const claims = jose.decodeJwt(token ?? '');
      assert.deepEqual(
        [claims.sub, claims.aud, claims['client_id'], claims['scope']],
        ['robot', 'https://notes.example/', 'robot', 'notes'],
      );
      const { keys } = Object(await (await fetch(`${hufu.origin}/oauth/jwks`)).json());
      await jose.jwtVerify(token ?? '', jose.createLocalJWKSet({ keys }), { issuer: hufu.origin });
      const { privateKey } = await jose.generateKeyPair('RS256', { extractable: true });
      const other = google({ ...account, private_key: await jose.exportPKCS8(privateKey) });
      await assert.rejects(other.authorize(), /invalid_client/);
    });

    const shown = async (): Promise<{ readonly token: string; readonly agent: Agent }> => {
      const agent = new Agent(hufu.origin);
      const request = { clientId: 'spa', redirectUri: 'https://app.example/cb', scope: 'openid notes' };
      const tokens = await exchange(agent, request, await authorizeAs(agent, request, USER));
      return { token: String(tokens.body['access_token']), agent };
    };

    test('oauth4webapi: a token is exchanged for one at the next resource, and says who acts (RFC 8693 §2.1)', async () => {
      const { as, rp, proof } = await party(hufu.origin);
      const { token } = await shown();
      const form = { subject_token: token, subject_token_type: ACCESS_TOKEN, audience: 'https://files.example/' };
      const reply = await oauth.genericTokenEndpointRequest(as, rp, proof, EXCHANGE, form, LOOPBACK);
      const issued = await oauth.processGenericTokenEndpointResponse(as, rp, reply);
      assert.deepEqual([issued.token_type, issued.scope, issued['issued_token_type']], ['bearer', 'notes', ACCESS_TOKEN]);
      const seen = await oauth.processIntrospectionResponse(
        as,
        rp,
        await oauth.introspectionRequest(as, rp, proof, issued.access_token, LOOPBACK),
      );
      assert.deepEqual(
        [seen.active, seen.client_id, seen.sub, seen.act],
        [true, 'gate', jose.decodeJwt(token).sub, { sub: 'gate', client_id: 'gate' }],
      );
      await assert.rejects(
        async () => {
          const no = { ...form, audience: 'https://nowhere.example/' };
          await oauth.processGenericTokenEndpointResponse(
            as,
            rp,
            await oauth.genericTokenEndpointRequest(as, rp, proof, EXCHANGE, no, LOOPBACK),
          );
        },
        (error) => error instanceof oauth.ResponseBodyError && error.error === 'invalid_target',
      );
    });

    test('@hufu/client: a service account with that file, a key as client authentication, exchange and assertion (RFC 7523 §2.1, §2.2, RFC 8693 §2.1)', async () => {
      const robot = await readServiceAccount(JSON.stringify(account));
      const own = await serviceAccountToken(createClient({ issuer: hufu.origin, clientId: robot.name }), robot, { scope: 'notes' });
      assert.equal(jose.decodeJwt(own.accessToken).sub, 'robot');
      const keyed = createClient({ issuer: hufu.origin, clientId: robot.name, authentication: privateKeyJwt(robot.key) });
      // Its assertion is good; the grant is not among its own.
      await assert.rejects(clientCredentials(keyed), { kind: 'refused', code: 'unauthorized_client' });
      const gate = createClient({ issuer: hufu.origin, clientId: 'gate', authentication: clientSecretBasic(SECRET) });
      const exchanged = await exchangeToken(gate, { subjectToken: (await shown()).token, resource: 'https://files.example/' });
      assert.deepEqual([exchanged.scope, exchanged.issuedTokenType], ['notes', ACCESS_TOKEN]);
      const asserted = await jwtBearer(gate, await idpAssertion(hufu.origin), { scope: 'notes' });
      assert.equal(asserted.tokenType, 'Bearer');
    });

    test('openid-client: the same exchange, and an assertion of a trusted issuer (RFC 8693 §2.1, RFC 7523 §2.1)', async () => {
      const options = { execute: [oidc.allowInsecureRequests] };
      const config = await oidc.discovery(new URL(hufu.origin), 'gate', undefined, oidc.ClientSecretBasic(SECRET), options);
      const form = { subject_token: (await shown()).token, subject_token_type: ACCESS_TOKEN, resource: 'https://files.example/' };
      assert.match((await oidc.genericGrantRequest(config, EXCHANGE, form)).access_token, /^hfa_/);
      const assertion = await idpAssertion(hufu.origin);
      const tokens = await oidc.genericGrantRequest(config, JWT_BEARER, { assertion, scope: 'notes', resource: 'https://notes.example/' });
      assert.equal(jose.decodeJwt(tokens.access_token)['client_id'], 'gate');
      await assert.rejects(oidc.genericGrantRequest(config, JWT_BEARER, { assertion }), /invalid|unexpected|error/i);
    });

    test('an id-jag is issued for an ID token and verifies with jose; one of a trusted issuer is taken (ID-JAG §4)', async () => {
      const { as, rp, proof } = await party(hufu.origin);
      const { agent } = await shown();
      const request = { clientId: 'gate', redirectUri: 'https://gate.example/cb', scope: 'openid' };
      const tokens = await exchange(agent, request, await authorizeAs(agent, request, USER), `gate:${SECRET}`);
      const form = {
        requested_token_type: ID_JAG,
        audience: 'https://chat.example',
        subject_token: String(tokens.body['id_token']),
        subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      };
      const reply = await oauth.genericTokenEndpointRequest(as, rp, proof, EXCHANGE, form, LOOPBACK);
      const body = Object(await reply.json());
      assert.deepEqual([reply.status, body.issued_token_type, body.token_type], [200, ID_JAG, 'N_A']);
      const { keys } = Object(await (await fetch(`${hufu.origin}/oauth/jwks`)).json());
      const expected = { issuer: hufu.origin, audience: 'https://chat.example', typ: 'oauth-id-jag+jwt' };
      const { payload } = await jose.jwtVerify(body.access_token, jose.createLocalJWKSet({ keys }), expected);
      assert.deepEqual([payload['client_id'], payload.sub], ['us', jose.decodeJwt(form.subject_token).sub]);
      const theirs = await idpAssertion(hufu.origin, { client_id: 'gate' }, 'oauth-id-jag+jwt');
      const taken = await oauth.genericTokenEndpointRequest(as, rp, proof, JWT_BEARER, { assertion: theirs, scope: 'notes' }, LOOPBACK);
      assert.equal((await oauth.processGenericTokenEndpointResponse(as, rp, taken)).scope, 'notes');
    });

    test('nothing of all this was an error on our side, and no assertion is in the log', () => {
      assert.deepEqual(
        hufu.lines.filter((line) => line.includes('"level":"error"') || line.includes('eyJ')),
        [],
      );
    });
  });
}

async function party(
  origin: string,
): Promise<{ readonly as: oauth.AuthorizationServer; readonly rp: oauth.Client; readonly proof: oauth.ClientAuth }> {
  const issuer = new URL(origin);
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...LOOPBACK }));
  for (const grant of [EXCHANGE, JWT_BEARER]) assert.ok(as.grant_types_supported?.includes(grant));
  return { as, rp: { client_id: 'gate' }, proof: oauth.ClientSecretBasic(SECRET) };
}

function idpAssertion(audience: string, claims: jose.JWTPayload = {}, typ = 'JWT'): Promise<string> {
  return new jose.SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', kid: 'idp', typ })
    .setIssuer(IDP)
    .setSubject(USER.username)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime('5m')
    .setJti(crypto.randomUUID())
    .sign(idp.privateKey);
}
