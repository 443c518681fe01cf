import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { auditSealer } from '@hufu/server/audit/sealer';
import { loadConfig } from '@hufu/server/config/load-config';
import { builtInClients } from '@hufu/server/console-client';
import { applyConfig } from '@hufu/server/jobs/apply-config';
import { withContext } from '../local.ts';
import { OWN_COMMANDS, runCli } from '../run-cli.ts';
import { commandFolder } from '../testing/command-folder.ts';

const YAML = `
mode: test
clients:
  - { client_id: job, client_secret: a-secret-of-32-characters-0123456789, grant_types: [client_credentials], scope: read }
resources:
  - { identifier: 'https://api.example/', scopes: [read] }
users:
  - { username: mei, password: a long enough password }
`;
/** What makes a key, a client and a user at a start. */
const CHANGED = `${YAML.replace('clients:\n', 'clients:\n  - { client_id: new, client_secret: another-of-32-characters-0123456789, grant_types: [client_credentials] }\n')}
  - { username: lin, password: a long enough password }
signing: { algorithms: [ES256, EdDSA] }
`;
const DECISION = 'decision-1';

/** How each command that looks is called, and the exit codes that it may end with. */
const READING: Readonly<Record<string, readonly string[]>> = {
  plan: [],
  replay: [],
  export: [],
  'import --dry-run': ['EXPORT', '--dry-run'],
  why: [DECISION],
  'grant list': [],
  'session list': ['--user', 'mei'],
  'client list': [],
  'user list': [],
  'delivery list': [],
  'limits list': [],
  'key list': [],
  'audit list': [],
  'audit verify': [],
  doctor: [],
};
/** Those that change something, ask a server, or have no store at all. `audit export` seals, and signs a checkpoint. */
const OTHERS = [
  'start',
  'gateway',
  'login',
  'logout',
  'token',
  'whoami',
  'curl',
  'migrate',
  'apply',
  'import',
  'revoke grant',
  'revoke user',
  'revoke client',
  'revoke session',
  'client invite',
  'client secret',
  'client key create',
  'user disable',
  'user enable',
  'user lock',
  'user unlock',
  'user delete',
  'user reset-factors',
  'limits set',
  'limits reset',
  'key rotate',
  'key revoke',
  'audit export',
  'completion',
];

/** Every row of every table, by its table. */
function rowsOf(file: string): ReadonlyMap<string, string> {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all();
    return new Map(tables.map(({ name }) => [String(name), JSON.stringify(db.prepare(`SELECT * FROM "${String(name)}"`).all())]));
  } finally {
    db.close();
  }
}

test('every command is known to look or to change', () => {
  assert.deepEqual(
    OWN_COMMANDS.map(({ name }) => name).toSorted(),
    [...Object.keys(READING).filter((name) => name !== 'import --dry-run'), ...OTHERS].toSorted(),
  );
});

test('a command that looks writes nothing, also where a server of its file would', async () => {
  const { folder, file, call } = commandFolder(YAML);
  const data = join(folder, 'data');
  const database = join(data, 'hufu.db');
  await withContext(call([]), await loadConfig(file, {}), async (ctx, now) => {
    await applyConfig(ctx, now, builtInClients(ctx));
    const decision = { id: DECISION, at: now, endpoint: 'token', clientId: 'job', error: 'invalid_scope', status: 400 };
    await ctx.store.recordDecisions(ctx.tenant, [{ ...decision, record: JSON.stringify({ description: 'no', checks: [] }) }], 10);
    await auditSealer(ctx).seal('now');
  });
  writeFileSync(file, readFileSync(file, 'utf8').replace(YAML, CHANGED));
  const words = async (line: readonly string[]): Promise<readonly [code: number, text: string]> => {
    const lines: string[] = [];
    const { args, ...rest } = call(lines, line);
    return [await runCli(args, rest), lines.join('\n')];
  };
  const exported = join(folder, 'export.json');
  writeFileSync(exported, (await words(['export']))[1]);
  // Those of SQLite's own come and go.
  const filesOf = (): readonly unknown[] => readdirSync(data).filter((name) => !/-(shm|wal)$/.test(name));
  const files = filesOf();
  const before = rowsOf(database);
  assert.ok(before.get('signing_keys') ?? before.get('keys'), [...before.keys()].join(' '));
  for (const [name, args] of Object.entries(READING)) {
    const line = [
      ...name.split(' ').filter((word) => !word.startsWith('--')),
      ...args.map((word) => (word === 'EXPORT' ? exported : word)),
    ];
    const [code, text] = await words(line);
    assert.equal(code, 0, `${name}: ${text}`);
    const after = rowsOf(database);
    for (const [table, rows] of after) assert.equal(rows, before.get(table), `${name}: ${table}`);
    assert.equal(after.size, before.size, name);
  }
  assert.deepEqual(filesOf(), files);
  // What is there for the command alone is not told as if it were there.
  assert.doesNotMatch((await words(['key', 'list']))[1], /EdDSA/);
  assert.match((await words(['doctor']))[1], /no signing key for EdDSA yet; the next start makes it/);
});

test('what waits is sealed for whoever reads the audit log, and nothing is signed or made for it', async () => {
  const { folder, file, call } = commandFolder(YAML);
  await withContext(call([]), await loadConfig(file, {}), (ctx, now) => applyConfig(ctx, now));
  writeFileSync(file, readFileSync(file, 'utf8').replace(YAML, CHANGED.replace('[ES256, EdDSA]', '[EdDSA]')));
  const database = join(folder, 'data', 'hufu.db');
  const before = rowsOf(database);
  for (const line of [
    ['audit', 'list'],
    ['audit', 'verify'],
    ['audit', 'export'],
  ]) {
    const lines: string[] = [];
    const { args, ...rest } = call(lines, line);
    assert.equal(await runCli(args, rest), 0, lines.join('\n'));
    assert.match(lines.join('\n'), /key\.added|All of it is as it was written/);
    const changed = [...rowsOf(database)].flatMap(([table, rows]) => (rows === before.get(table) ? [] : [table]));
    assert.deepEqual(changed, ['audit_heads', 'audit_inbox', 'audit_log'], line.join(' '));
  }
});

test('a database that is not there is an empty one for a command that looks, and is not made for it', async () => {
  const { folder, call } = commandFolder(YAML);
  for (const [name, args] of Object.entries(READING)) {
    if (name === 'import --dry-run') continue;
    const lines: string[] = [];
    const { args: all, ...rest } = call(lines, [...name.split(' '), ...args]);
    assert.equal(await runCli(all, rest), ['why', 'session list', 'replay'].includes(name) ? 1 : 0, name);
    assert.match(lines.join('\n'), /there is no .*hufu\.db/, name);
    assert.deepEqual(readdirSync(join(folder, 'data')), [], name);
  }
});
