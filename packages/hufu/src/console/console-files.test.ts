import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { consoleFiles } from './console-files.ts';

const root = mkdtempSync(join(tmpdir(), 'hufu-files-'));
after(() => rmSync(root, { recursive: true, force: true }));
const silent = (): undefined => undefined;

function write(name: string): string {
  const folder = join(root, name);
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), name);
  writeFileSync(join(folder, 'assets', `${name}.js`), `// ${name}`);
  writeFileSync(join(folder, 'secret.js'), 'no');
  return folder;
}

test('a file is found after a start by whoever has the page open still, in whole and compressed, and no other path is one', async () => {
  const files = consoleFiles(silent, async () => write('one'));
  assert.equal((await files.find('assets/one.js', false))?.body.toString(), '// one');
  const small = await files.find('assets/one.js', true);
  assert.equal(small?.headers['content-encoding'], 'gzip');
  assert.equal(gunzipSync(small?.body ?? '').toString(), '// one');
  for (const name of [
    'secret.js',
    'assets/../secret.js',
    'assets/%2e%2e/secret.js',
    'assets/two.js',
    'assets/',
    'index.html',
    'assets\\one.js',
  ])
    assert.equal(await files.find(name, false), undefined, name);
});

test('files that somebody has removed meanwhile are built anew, and no request fails for it', async () => {
  let builds = 0;
  const files = consoleFiles(silent, async () => write(`made${++builds}`));
  assert.equal((await files.index()).text, 'made1');
  assert.ok(await files.find('assets/made1.js', false));
  rmSync(join(root, 'made1'), { recursive: true });
  assert.equal((await files.index()).text, 'made2');
  assert.ok(await files.find('assets/made2.js', false));
});

test('a build that fails is told once, and tried again with the next request', async () => {
  let builds = 0;
  const files = consoleFiles(silent, async () => {
    if (++builds === 1) throw new Error('no');
    return write('again');
  });
  await files.index();
  assert.match((await files.index()).text, /could not be built/);
  assert.equal(builds, 1);
  assert.equal((await files.index()).text, 'again');
});
