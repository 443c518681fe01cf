import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCli } from '../../packages/hufu/src/run-cli.ts';
import { Agent, authorizeAs, exchange, postForm } from '../support/agent.ts';
import { ENGINES, freshDatabase } from '../support/databases.ts';
import { BASIC_YAML, freePort, USER } from '../support/hufu.ts';
import { type HufuProcess, type HufuProcessOptions, startProcess } from '../support/hufu-process.ts';

const SECRET = (name: string): string => `${name}:${new RegExp(`${name}-secret-[0-9a-f]+`).exec(BASIC_YAML)?.[0]}`;
const AT = {
  spa: 'https://app.example/cb',
  web: 'https://web.example/cb',
  steady: 'https://steady.example/cb',
  third: 'https://third.example/cb',
} as const;
type AppName = keyof typeof AT;

/** What somebody did, and what they need to do it again. */
interface Hour {
  readonly agents: Readonly<Record<AppName, Agent>>;
  readonly refreshTokens: Map<AppName, string>;
}

async function signIn(origin: string): Promise<Hour> {
  const agents = { spa: new Agent(origin), web: new Agent(origin), steady: new Agent(origin), third: new Agent(origin) };
  const refreshTokens = new Map<AppName, string>();
  for (const [name, agent] of Object.entries(agents) as [AppName, Agent][]) {
    const request = { clientId: name, redirectUri: AT[name], scope: 'openid read write' };
    const tokens = await exchange(agent, request, await authorizeAs(agent, request, USER), name === 'spa' ? undefined : SECRET(name));
    assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
    refreshTokens.set(name, String(tokens.body['refresh_token']));
  }
  return { agents, refreshTokens };
}

/** The same requests each time, by what differences call them; refresh tokens are used up, and those that come instead are kept. */
async function ask(origin: string, { agents, refreshTokens }: Hour): Promise<Readonly<Record<string, string>>> {
  const came: Record<string, string> = {};
  const token = async (label: string, fields: Record<string, string>, basic?: string): Promise<unknown> => {
    const { status, body } = await postForm(`${origin}/oauth/token`, fields, basic);
    came[label] = status === 200 ? String(body['scope']) : String(body['error']);
    return body['refresh_token'];
  };
  for (const [name, agent] of Object.entries(agents) as [AppName, Agent][]) {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: name,
      redirect_uri: AT[name],
      scope: 'openid read',
      code_challenge: 'c'.repeat(43),
      code_challenge_method: 'S256',
    });
    const page = await agent.get(`/oauth/authorize?${query.toString()}`);
    came[`authorize  ${name}`] = page.location.startsWith(AT[name]) ? (page.answer.get('error') ?? 'code') : `${page.status}`;
    const fields: Record<string, string> = { grant_type: 'refresh_token', refresh_token: refreshTokens.get(name) ?? '' };
    const next = await token(
      `token refresh_token ${name}`,
      name === 'spa' ? { ...fields, client_id: name } : fields,
      name === 'spa' ? undefined : SECRET(name),
    );
    if (typeof next === 'string') refreshTokens.set(name, next);
  }
  const own = { grant_type: 'client_credentials' };
  await token('token client_credentials machine', { ...own, scope: 'write' }, SECRET('machine'));
  await token('token client_credentials api', own, SECRET('api'));
  await token('token client_credentials third', { ...own, scope: 'read' }, SECRET('third'));
  return came;
}

function changed(...pieces: readonly (readonly [string, string])[]): string {
  return pieces.reduce((yaml, [from, to]) => {
    assert.ok(yaml.includes(from), from);
    return yaml.replace(from, to);
  }, BASIC_YAML);
}

/** Where the first of a client's lines is. */
const of = (client: string, from: string, to: string): readonly [string, string] => {
  const at = BASIC_YAML.indexOf(`client_id: ${client}\n`);
  const end = BASIC_YAML.indexOf(from, at) + from.length;
  const piece = BASIC_YAML.slice(at, end);
  return [piece, piece.replace(from, to)];
};

const CHANGED = changed(
  ['scopes: [read, write]', 'scopes: [read]'],
  of('web', 'hufu: { first_party: true }', "hufu: { first_party: true, sign_in: { acr: 'urn:hufu:acr:2' } }"),
  of('steady', 'grant_types: [authorization_code, refresh_token]', 'grant_types: [authorization_code]'),
  of(
    'third',
    'cb]\n    grant_types: [authorization_code, refresh_token]',
    'other]\n    grant_types: [authorization_code, refresh_token, client_credentials]',
  ),
  [BASIC_YAML.slice(BASIC_YAML.indexOf('  - client_id: api\n'), BASIC_YAML.indexOf('  - client_id: native')), ''],
);

for (const engine of ENGINES)
  test(`an hour is replayed against a changed hufu.yaml, and with it comes what was foretold: ${engine}`, async () => {
    const database = await freshDatabase(engine);
    const directory = await mkdtemp(join(tmpdir(), 'hufu-replay-'));
    const options: HufuProcessOptions = { directory, port: await freePort(), database: database.url, mode: 'test', yaml: BASIC_YAML };
    let server: HufuProcess | undefined;
    try {
      server = await startProcess(options);
      const { origin } = server;
      await setClock(origin, { now: new Date(Date.now() - 50 * 60_000).toISOString() });
      const hour = await signIn(origin);
      await setClock(origin, { advance: 'PT20M' });
      const was = await ask(origin, hour);
      const file = join(directory, 'changed.yaml');
      await writeFile(file, readFileSync(server.file, 'utf8').replace(BASIC_YAML, CHANGED));
      // What was counted is written when it stops; a server that goes on writes it each minute.
      assert.equal(await server.stop(), 0);
      const before = await rowsOf(file);

      const told = JSON.parse(await hufu('replay', '--config', file, '--json'));
      const lines = told.differences.map(
        ({ change, endpoint, grantType, clientId }: Readonly<Record<string, string>>) => `${change} ${endpoint} ${grantType} ${clientId}`,
      );
      assert.deepEqual(
        lines.toSorted(),
        [
          'allowed token client_credentials third',
          'less token authorization_code spa',
          'less token authorization_code steady',
          'less token authorization_code web',
          'less token refresh_token spa',
          'less token refresh_token third',
          'less token refresh_token web',
          'refused authorize  spa',
          'refused authorize  steady',
          'refused authorize  third',
          'refused authorize  web',
          'refused authorize  web',
          'refused token authorization_code third',
          'refused token client_credentials api',
          'refused token client_credentials machine',
          'refused token refresh_token steady',
        ].toSorted(),
      );
      assert.deepEqual(await rowsOf(file), before, 'a replay writes nothing');
      const text = await hufu('replay', '--config', file);
      assert.match(text, /- client api, client_credentials: 1 would be refused\n {4}The client is enabled.*\n {4}setting: clients\n/);
      assert.match(text, /users: alice\n/);

      server = await startProcess({ ...options, yaml: CHANGED });
      const is = await ask(origin, hour);
      assert.deepEqual(
        Object.keys(was).flatMap((label) => (was[label] === is[label] ? [] : [`${label}: ${was[label]} → ${is[label]}`])),
        [
          'token refresh_token spa: openid read write → openid read',
          'authorize  web: code → unmet_authentication_requirements',
          'token refresh_token web: openid read write → openid read',
          'token refresh_token steady: openid read write → unauthorized_client',
          'authorize  third: code → 400',
          'token refresh_token third: openid read write → openid read',
          'token client_credentials machine: write → invalid_scope',
          'token client_credentials api: read → invalid_client',
          'token client_credentials third: unauthorized_client → read',
        ],
      );
    } finally {
      await server?.kill();
      await database.drop();
      await rm(directory, { recursive: true, force: true });
    }
  });

async function setClock(origin: string, body: object): Promise<void> {
  const reply = await fetch(`${origin}/test/clock`, {
    method: 'PUT',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  assert.equal(reply.status, 200);
}

async function hufu(...words: readonly string[]): Promise<string> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCli(words, { env: {}, out: (line) => out.push(line), err: (line) => err.push(line) });
  assert.equal(code, 0, err.join('\n'));
  return out.join('\n');
}

/** What clients, users and grants there are, as commands see them. */
async function rowsOf(file: string): Promise<readonly string[]> {
  return [
    await hufu('client', 'list', '--config', file, '--json'),
    await hufu('user', 'list', '--config', file, '--json'),
    await hufu('grant', 'list', '--config', file, '--json'),
  ];
}
