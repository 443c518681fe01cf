import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { type CommandCall, RefusedError, UsageError } from '../command.ts';
import { writePlan } from './plan-file.ts';
import type { Plan } from './plan-state.ts';
import { runApply, runPlan } from './run-state.ts';

const folder = mkdtempSync(join(tmpdir(), 'hufu-state-'));
const asked: string[] = [];
let server: Server;
let issuer: string;
/** What happens before a client is made. */
let onCreate: () => void;
before(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.headers.authorization}`);
    if (request.method === 'POST') onCreate();
    response.writeHead(request.method === 'POST' ? 201 : 200, { 'content-type': 'application/json' });
    response.end(request.method === 'POST' ? '{"client":{"client_id":"c1"},"client_secret":"s1"}' : '{"items":[],"next":null}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
after(() => {
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  asked.length = 0;
  onCreate = () => undefined;
});

const at = (name: string): string => join(folder, name);
const lines: string[] = [];

function callWith(env: Readonly<Record<string, string>>): CommandCall {
  lines.length = 0;
  return { args: [], env: { XDG_CONFIG_HOME: at('nobody'), ...env }, out: (line) => lines.push(line), err: (line) => lines.push(line) };
}

async function planned(): Promise<string> {
  const metadata = { redirect_uris: ['https://a.example/cb'] };
  const steps: Plan['steps'] = [{ kind: 'client_add', name: 'notes', metadata, differences: [] }];
  await writePlan(at('plan.json'), { issuer, owner: 'acme', limitsTag: undefined, steps, leftovers: [], obstacles: [] });
  return at('plan.json');
}

async function applied(secretsOut: string, env?: Readonly<Record<string, string>>): Promise<number> {
  const options = { state: undefined, plan: await planned(), prune: false, issuer: undefined, json: false };
  return runApply(callWith(env ?? { HUFU_TOKEN: 't', HUFU_ISSUER: issuer }), { ...options, secretsOut }, () => Promise.resolve(true));
}

test('a file for secrets that cannot be made is told before a client is: none is lost', async () => {
  await assert.rejects(applied(at('nowhere/secrets.json')), UsageError);
  assert.deepEqual(asked, []);
});

test('secrets are written for their owner alone, and into no file that somebody else has made meanwhile', async () => {
  assert.equal(await applied(at('secrets.json')), 0);
  assert.equal(statSync(at('secrets.json')).mode & 0o777, 0o600);
  assert.deepEqual(JSON.parse(readFileSync(at('secrets.json'), 'utf8')), {
    issuer,
    clients: [{ name: 'notes', client_id: 'c1', client_secret: 's1' }],
  });
  await assert.rejects(applied(at('secrets.json')), UsageError);
  asked.length = 0;
  const two = await Promise.allSettled([applied(at('both.json')), applied(at('both.json'))]);
  assert.deepEqual(two.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  assert.equal(asked.filter((one) => one.startsWith('POST')).length, 1, 'whoever has no file makes no client');
});

test('what cannot be written in the middle says what was done', async () => {
  const going = mkdtempSync(at('going-'));
  onCreate = () => rmSync(going, { recursive: true, force: true });
  await assert.rejects(applied(join(going, 'secrets.json')), { code: 'ENOENT' });
  assert.match(lines.join('\n'), /client notes: ENOENT.*\nDone: client notes\.\nNot done: nothing\./);
});

test('a token of the environment goes to no server that only a file names', async () => {
  const state = at('state.yaml');
  writeFileSync(state, `owner: acme\nissuer: ${issuer}\nclients: {}\n`);
  const options = { state, prune: false, out: undefined, detailed: false, json: false };
  await assert.rejects(runPlan(callWith({ HUFU_TOKEN: 't' }), { ...options, issuer: undefined }), UsageError);
  const other = { HUFU_TOKEN: 't', HUFU_ISSUER: 'https://id.example' };
  await assert.rejects(runPlan(callWith(other), { ...options, issuer: undefined }), RefusedError);
  await assert.rejects(applied(at('none.json'), other), RefusedError);
  assert.deepEqual(asked, []);
  assert.equal(await runPlan(callWith({ HUFU_TOKEN: 't' }), { ...options, issuer }), 0);
  assert.deepEqual(asked, ['GET Bearer t']);
});
