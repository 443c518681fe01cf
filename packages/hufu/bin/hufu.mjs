#!/usr/bin/env node
// Runs Hufu on a Node that is new enough: this one, or the one that the package `node` brings. Plain JavaScript for older Nodes.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const source = join(here, '../src/main.ts');
// A checkout runs from its source; the published package has no source that Node would strip.
const fromSource = existsSync(source) && !here.includes(`${join('node_modules', 'hufu')}`);
const args = fromSource ? ['--conditions=source', source] : [join(here, '../dist/main.js')];
const child = spawn(findNode(), [...args, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
// A signal to npx ends the shell between npx and us without a word to us: the loss of the parent is a SIGTERM.
const parent = process.ppid;
// oxlint-disable-next-line hufu/time-and-chance -- a launcher, before there is a context
setInterval(() => {
  if (process.ppid !== parent) child.kill('SIGTERM');
}, 500).unref();
child.on('error', (error) => {
  process.stderr.write(`hufu could not start Node: ${error.message}\n`);
  process.exitCode = 1;
});
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 130);
});

function findNode() {
  if (Number.parseInt(process.versions.node, 10) >= 24) return process.execPath;
  try {
    const root = dirname(createRequire(import.meta.url).resolve('node/package.json'));
    for (const name of ['bin/node', 'bin/node.exe']) if (existsSync(join(root, name))) return join(root, name);
  } catch {
    // Said below.
  }
  process.stderr.write(`hufu needs Node 24 or newer; this is ${process.versions.node}\n`);
  process.exit(1);
}
