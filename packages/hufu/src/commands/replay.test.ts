import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { loadConfig } from '@hufu/server/config/load-config';
import { builtInClients } from '@hufu/server/console-client';
import { type Facts, writeFacts } from '@hufu/server/history/facts';
import { applyConfig } from '@hufu/server/jobs/apply-config';
import { tokenFacts } from '@hufu/server/testing/token-facts';
import { RefusedError, UsageError } from '../command.ts';
import { withContext, withStore } from '../local.ts';
import { runCli } from '../run-cli.ts';
import { commandFolder } from '../testing/command-folder.ts';
import { plan } from './plan.ts';
import { replay } from './replay.ts';

const { file, call, run } = commandFolder(`
mode: test
clients:
  - { client_id: job, client_secret: a-secret-of-32-characters-0123456789, grant_types: [client_credentials], scope: read write }
  - { client_id: page, token_endpoint_auth_method: none, redirect_uris: [https://page.example/cb], hufu: { first_party: true } }
resources:
  - { identifier: 'https://api.example/', scopes: [read, write] }
users:
  - { username: mei, password: a long enough password }
  - { username: lin, password: a long enough password }
`);

const asked = tokenFacts({ client: 'job' });

/** Writes into the store what a server would have, and answers when it began. */
async function remember(): Promise<number> {
  return withContext(call([]), await loadConfig(file, {}), async (ctx, now) => {
    await applyConfig(ctx, now, builtInClients(ctx));
    const minute = Math.floor(now / 60) * 60 - 600;
    const [mei] = await ctx.store.listUsers(ctx.tenant, 0, 10);
    const session = {
      user: mei?.id ?? assert.fail(),
      amr: ['pwd'],
      methods: [{ method: 'password', at: minute }],
      authAge: 0,
      age: 0,
      isNew: true,
    };
    const params = {
      redirect_uri: 'https://page.example/cb',
      response_type: 'code',
      scope: 'openid \u001b[2J',
      code_challenge: '1',
      code_challenge_method: 'S256',
    };
    const facts: readonly (readonly [Facts, number])[] = [
      [{ ...asked, scope: 'write', granted: ['write'], refused: undefined }, 7],
      [{ ...asked, scope: undefined, granted: ['read', 'write'], refused: undefined }, 2],
      [{ ...asked, scope: 'purge', granted: undefined, refused: { check: 'scope', error: 'invalid_scope' } }, 1],
      [{ ...asked, scope: 'read', auth: '', granted: undefined, refused: { check: 'client_authentication', error: 'invalid_client' } }, 3],
      [
        {
          kind: 'authorize',
          client: 'page',
          isPushed: false,
          params: { ...params, scope: 'openid' },
          resources: [],
          session,
          granted: ['openid'],
          refused: undefined,
        },
        1,
      ],
      [
        {
          kind: 'authorize',
          client: 'page',
          isPushed: false,
          params,
          resources: [],
          session: undefined,
          granted: undefined,
          refused: { check: 'scope', error: 'invalid_scope' },
        },
        1,
      ],
      [{ kind: 'lost' }, 40],
    ];
    const records = facts.map(([one, times]) => ({ minute, facts: writeFacts(one), times }));
    await ctx.store.recordHistory(ctx.tenant, records, 0, 1_000);
    return minute;
  });
}

test('a replay lists what would be decided otherwise, for people and for programs, and ends with 2 where it is asked to', async () => {
  await assert.rejects(run(replay), (error) => error instanceof RefusedError && /there is no database/.test(error.message));
  const minute = await remember();
  const began = new Date(minute * 1000).toISOString().replace('.000Z', 'Z');
  assert.match(
    await run(replay),
    /\nAll 55 requests would be decided as they were\.\n12 judged again; 0 up to .*; 3 refused .*\n40 more came/,
  );
  const text = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    text
      .replace('scope: read write }', 'scope: read purge }')
      .replace('scopes: [read, write]', 'scopes: [read, purge]')
      .replace('hufu: { first_party: true }', "hufu: { first_party: true, sign_in: { acr: 'urn:hufu:acr:3' } }")
      .replace('a-secret-of', 'b-secret-of')
      .replace(/ {2}- \{ username: mei.*\n/, ''),
  );
  const lines = (await run(replay, '--since', '20m')).split('\n');
  assert.deepEqual(lines.slice(1), [
    '- client job, client_credentials: 7 would be refused',
    '    The scopes exist, and the client may ask for them: write',
    '    setting: clients[].scope, resources[].scopes',
    `    such as ${began} scope="write"`,
    '- client page, authorization requests: 1 would be refused',
    '    users: mei',
    '    The user has shown as much as the client takes: the user has nothing that would do',
    '    setting: clients[].hufu.sign_in.acr',
    `    such as ${began} redirect_uri="https://page.example/cb" response_type="code" scope="openid"`,
    '~ client job, client_credentials: 2 would get less',
    '    The scopes exist, and the client may ask for them: write',
    '    setting: clients[].scope, resources[].scopes',
    `    such as ${began}`,
    '+ client job, client_credentials: 1 would be allowed',
    '    The scopes exist, and the client may ask for them',
    '    setting: clients[].scope, resources[].scopes',
    `    such as ${began} scope="purge"`,
    '~ client job, client_credentials: 2 would get more',
    '    The scopes exist, and the client may ask for them: purge',
    '    setting: clients[].scope, resources[].scopes',
    `    such as ${began}`,
    '! client job: its secret changes; who goes on with the old one is refused once the overlap is over',
    '! user mei: not in the file, which changes nothing: hufu user disable, or delete',
    '13 of 55 requests would be decided otherwise; 2 clients.',
    '12 judged again; 0 up to an assertion, a grant or a proof that is not kept; 3 refused for what no file decides, and left so.',
    '40 more came of which nothing is known: there was no room.',
    `Nothing is known from before ${began}.`,
  ]);
  const told = JSON.parse(await run(replay, '--json'));
  assert.deepEqual(Object.keys(told), [
    'from',
    'until',
    'first',
    'requests',
    'differences',
    'limits',
    'secretsChange',
    'usersLeftOut',
    'untold',
  ]);
  assert.deepEqual(told.requests, { known: 55, judged: 12, partly: 0, left: 3, lost: 40 });
  assert.equal(await replay.run(call([], ['--detailed-exitcode'])), 2);
  assert.match(await run(replay, '--since', '2m'), /Nothing was asked in that time, as far as the store knows\./);
});

test('a replay without a file, or of more than a day, is called wrongly', async () => {
  const lines: string[] = [];
  const wrong = (...args: readonly string[]): Promise<unknown> =>
    replay.run({ args, env: {}, out: (line) => lines.push(line), err: () => undefined });
  for (const args of [
    [],
    ['--config', file, '--since', '25h'],
    ['--config', file, '--since', '0s'],
    ['--config', file, '--since', 'soon'],
    ['--nonsense'],
  ])
    await assert.rejects(wrong(...args), UsageError, args.join(' '));
  assert.deepEqual(lines, []);
});

test('a replay and a plan write nothing, also where a server of that file would make keys', async () => {
  const known = await loadConfig(file, {});
  const looked = (): Promise<unknown> =>
    withStore(known, async (store) => {
      const tenant = (await store.ensureTenant('default')).id;
      return [await store.listKeys(tenant), await store.keysVersion(tenant), await store.readAuditHead(tenant)];
    });
  const before = await looked();
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, `${text}signing: { algorithms: [ES256, EdDSA] }\n`);
  await run(replay);
  await run(plan);
  assert.deepEqual(await looked(), before);
  writeFileSync(file, text);
});

test('a plan for a database that nothing has run on makes no key', async () => {
  const other = commandFolder('mode: test\n');
  const config = await loadConfig(other.file, {});
  await withStore(config, () => Promise.resolve());
  await other.run(plan);
  assert.equal(existsSync(join(other.folder, 'data', 'master.key')), false);
  await withStore(config, async (store) => assert.deepEqual(await store.listKeys((await store.ensureTenant('default')).id), []));
});

test('a plan leaves the schema of an older version as it is, and says so', async () => {
  const other = commandFolder('mode: test\n');
  await withStore(await loadConfig(other.file, {}), () => Promise.resolve());
  const db = new DatabaseSync(join(other.folder, 'data', 'hufu.db'));
  db.exec('DROP TABLE history; DELETE FROM schema_migrations WHERE version >= 13');
  const lines: string[] = [];
  const { args: words, ...call } = other.call(lines);
  assert.equal(await runCli(['plan', ...words], call), 1);
  assert.match(lines.join('\n'), /older version: it lacks history.*hufu migrate/);
  assert.deepEqual(db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'history'").all(), []);
  db.close();
});
