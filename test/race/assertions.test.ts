import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { clientKeyPair, signWith } from '@hufu/server/testing/client-assertions';
import { ACCESS_TOKEN, JWT_BEARER, TOKEN_EXCHANGE } from '@hufu/server/testing/exchange-world';
import { type JsonReply, postForm } from '../support/agent.ts';
import { ENGINES, freshDatabase, type TestDatabase } from '../support/databases.ts';
import { freePort } from '../support/hufu.ts';
import { type HufuProcess, startProcesses } from '../support/hufu-process.ts';
import { rounds, withSeeds } from '../support/seeds.ts';
import { startTogether } from './course.ts';

const IDP = 'https://idp.example';
const SECRET = 'partner-secret-0123456789abcdef012345';
const [robot, idp] = [await clientKeyPair('r'), await clientKeyPair('i')];
const keys = (pair: typeof robot): string => JSON.stringify({ keys: [pair.jwk] });
const YAML = `
policies:
  trusted_issuers:
    - { issuer: '${IDP}', accepts: [jwt-bearer, token-exchange], jwks: ${keys(idp)}, subject: username, clients: [partner], scopes: [read] }
clients:
  - { client_id: robot, token_endpoint_auth_method: private_key_jwt, grant_types: ['${JWT_BEARER}'], scope: read, jwks: ${keys(robot)} }
  - client_id: partner
    client_secret: ${SECRET}
    grant_types: ['${JWT_BEARER}', '${TOKEN_EXCHANGE}']
    scope: read
    hufu: { token_exchange: { audiences: ['https://api.example/'], scopes: [read] } }
resources: [{ identifier: 'https://api.example/', scopes: [read] }]
users: [{ username: alice, password: a long enough password }]
`;

for (const engine of ENGINES) {
  describe(`assertions at two processes on one ${engine}`, () => {
    let database: TestDatabase;
    let directory: string;
    let processes: readonly HufuProcess[];
    let issuer = '';
    before(async () => {
      database = await freshDatabase(engine);
      directory = await mkdtemp(join(tmpdir(), 'hufu-race-'));
      const ports = [await freePort(), await freePort()];
      issuer = `http://127.0.0.1:${ports[0]}`;
      processes = await startProcesses({ directory, issuer, database: database.url, yaml: YAML }, ports);
    });
    after(async () => {
      await Promise.all(processes.map((process) => process.stop()));
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    });

    const claims = (iss: string, sub: string, jti: string): object => {
      const now = Math.floor(Date.now() / 1000);
      return { iss, sub, aud: issuer, iat: now, exp: now + 300, jti };
    };
    const basic = `partner:${SECRET}`;
    const seeds = rounds(2, 40);
    const SHOWN: Readonly<Record<string, (seed: number) => readonly [Record<string, string>, string?]>> = {
      'a service account': (seed) => [{ grant_type: JWT_BEARER, assertion: signWith(robot, claims('robot', 'robot', `o${seed}`)) }],
      'a trusted issuer': (seed) => [{ grant_type: JWT_BEARER, assertion: signWith(idp, claims(IDP, 'alice', `g${seed}`)) }, basic],
      'a trusted issuer, to be exchanged': (seed) => [
        {
          grant_type: TOKEN_EXCHANGE,
          subject_token: signWith(idp, claims(IDP, 'alice', `x${seed}`)),
          subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
          requested_token_type: ACCESS_TOKEN,
        },
        basic,
      ],
    };
    for (const [whose, form] of Object.entries(SHOWN)) {
      test(`one assertion of ${whose} and 50 racers have one token (RFC 7523 §3, attacks TOK-12), ${seeds} times`, () =>
        withSeeds(seeds, async (seed) => {
          const [fields, as] = form(seed);
          const send = (index: number): Promise<JsonReply> =>
            postForm(`${processes[index % 2]?.origin ?? assert.fail()}/oauth/token`, fields, as);
          const replies = await startTogether(50, seed, 0, send);
          assert.equal(replies.filter(({ status }) => status === 200).length, 1);
          const errors = new Set(replies.filter(({ status }) => status !== 200).map(({ body }) => body['error']));
          assert.equal(errors.size, 1);
          assert.match([...errors].join(), /^invalid_(?:grant|request)$/);
        }));
    }
  });
}
