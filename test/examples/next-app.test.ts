/** The example with Next.js as somebody has it who installs `@hufu/client` from the registry: in a folder of its own, with the packages as they are published. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { npm } from '../../scripts/install.mjs';
import { packClient } from './published-client.ts';
import { hufuCommand, ROOT, run } from './running.ts';
import { type ServedApp, serveApp } from './served-app.ts';
import { signsInAndOut, takesNoStrangersAnswer } from './web-app-behaviour.ts';

let folder = '';
let served: ServedApp;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hufu-next-'));
  const [one, other] = await packClient(join(folder, 'packed'));
  const app = join(folder, 'app');
  const isSource = (path: string): boolean => !/[/\\](?:node_modules|\.next)$/.test(path);
  await cp(join(ROOT, 'examples/next-app'), app, { recursive: true, filter: isSource });
  // As it is in the repository, but with the two archives in the place of what the registry would have.
  const manifest: Manifest = JSON.parse(await readFile(join(app, 'package.json'), 'utf8'));
  delete manifest.dependencies['@hufu/client'];
  await writeFile(join(app, 'package.json'), JSON.stringify(manifest));
  await npm(['install', '--ignore-scripts', '--include=dev', '--include=optional', one ?? '', other ?? ''], app);
  const next = (...words: readonly string[]): readonly string[] => [join(app, 'node_modules/next/dist/bin/next'), ...words, app];
  const env = { NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' };
  const built = run(next('build'), env);
  assert.equal(await built.ended(), 0, built.lines.join('\n'));
  served = await serveApp('next-app', (settings) => run(next('start', '--port', settings['PORT'] ?? ''), { ...env, ...settings }));
});
after(async () => {
  await served?.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Manifest {
  readonly dependencies: Record<string, string>;
}

test('the example next-app signs a person in, knows them, and signs them out at both ends (OpenID Connect Core §3.1)', async () => {
  await signsInAndOut(served);
});

test('the example next-app takes no answer that it did not ask for (OpenID Connect Core §3.1.2.7)', async () => {
  await takesNoStrangersAnswer(served);
});

test('the example next-app notices that a grant was revoked (RFC 6750 §3.1)', async () => {
  const { atApp } = await served.signIn();
  assert.equal(await hufuCommand(['revoke', 'user', 'mei', '--config', served.config], served.hufu.env).ended(), 0);
  assert.match((await atApp.get('/')).text, /Your access has ended/);
});
