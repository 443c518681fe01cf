import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Agent } from '../support/agent.ts';
import { freePort } from '../support/hufu.ts';
import { type RunningHufu, startExample, startHufu } from './running.ts';

const MEI = { username: 'mei', password: 'a tally in two halves' };
let folder: string;
let hufu: RunningHufu;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hufu-example-cli-'));
  hufu = await startHufu('examples/cli/hufu.yaml');
});
after(async () => {
  await hufu?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function approve(address: string, code: string): Promise<void> {
  const agent = new Agent(hufu.issuer);
  let page = await agent.get(address);
  for (let steps = 0; steps < 8; steps++) {
    if (page.location !== '') page = await agent.get(page.location);
    else if (page.name === 'signin') page = await agent.submit(page, MEI);
    else if (page.name === 'device') page = await agent.submit(page, { user_code: code });
    else if (page.name === 'device-confirm') page = await agent.submit(page, { decision: 'allow' });
    else break;
  }
  assert.match(page.text, /Device connected/);
}

test('the example cli signs somebody in once, and remembers them in a file of their own (RFC 8628 §3.3)', async () => {
  const env = { ISSUER: hufu.issuer, SESSION_FILE: join(folder, 'home', 'session.json') };
  const first = startExample('cli', env);
  const address = /https?:\S+/.exec(await first.line(/^Open /))?.[0] ?? '';
  const code = /type (\S+)/.exec(await first.line(/^and type /))?.[1] ?? '';
  await approve(address, code);
  assert.equal(await first.ended(), 0, first.lines.join('\n'));
  assert.equal(first.lines.at(-1), 'Hello, Mei Lin.');
  const files = await readdir(join(folder, 'home'));
  for (const file of files) assert.equal((await stat(join(folder, 'home', file))).mode & 0o077, 0, file);
  const again = startExample('cli', env);
  assert.equal(await again.ended(), 0, again.lines.join('\n'));
  assert.deepEqual(again.lines, ['Hello, Mei Lin.']);
  // As if it had been got a minute ago, and revoked since.
  const kept = JSON.parse(await readFile(env.SESSION_FILE, 'utf8'));
  const record = JSON.parse(kept.record);
  const [key = '', access] = Object.entries<{ readonly obtainedAt: number }>(record.access)[0] ?? [];
  record.access[key] = { ...access, token: 'revoked', obtainedAt: (access?.obtainedAt ?? 0) - 60_000 };
  await writeFile(env.SESSION_FILE, JSON.stringify({ ...kept, record: JSON.stringify(record) }));
  const renewed = startExample('cli', env);
  assert.equal(await renewed.ended(), 0, renewed.lines.join('\n'));
  assert.deepEqual(renewed.lines, ['Hello, Mei Lin.']);
  assert.doesNotMatch(await readFile(env.SESSION_FILE, 'utf8'), /revoked/);
});

test('the example service-account signs for itself (RFC 7523 §2.1)', async () => {
  const port = await freePort();
  const other = await startHufu('examples/service-account/hufu.yaml', { ROBOT_URL: `http://localhost:${port}` });
  try {
    const env = { ISSUER: other.issuer, PORT: String(port), KEY_FILE: join(folder, 'robot.jwk.json') };
    const robot = startExample('service-account', env);
    assert.equal(await robot.ended(), 0, robot.lines.join('\n'));
    assert.deepEqual(robot.lines, ['a token for night-robot, good for 600 seconds', 'and the same again, as it still holds']);
    assert.equal((await stat(env.KEY_FILE)).mode & 0o077, 0);
  } finally {
    await other.stop();
  }
});
