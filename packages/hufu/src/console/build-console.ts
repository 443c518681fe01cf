import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const CONSOLE = join(ROOT, 'packages/console');
/** What goes into it. */
const SOURCES = [
  'packages/console/src',
  'packages/console/index.html',
  'packages/console/vite.config.ts',
  'packages/client/src/admin',
  'packages/protocol/src/admin',
  'package-lock.json',
];
const KEPT = 3;
const PATIENCE_MS = 180_000;
const run = promisify(execFile);

/**
 * Builds the console of a checkout with Vite, unless what was built last is of the same sources. In a process of its own, so that the server goes on serving; in a folder of
 * its own that takes its name at the end, so that two who build at a time do not meet.
 *
 * @returns the folder
 */
export async function buildConsole(tell: (line: string) => void): Promise<string> {
  const folder = join(CONSOLE, 'dist', await hashOfSources());
  if (existsSync(join(folder, 'index.html'))) return folder;
  tell('building the console (once for these sources) …');
  const begun = performance.now();
  const place = join(CONSOLE, 'dist', `.building-${process.pid}`);
  await mkdir(dirname(place), { recursive: true });
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
  try {
    await run(process.execPath, [vite, 'build', '--outDir', place, '--emptyOutDir', '--logLevel', 'warn'], {
      cwd: CONSOLE,
      timeout: PATIENCE_MS,
      env: { ...process.env, NODE_ENV: 'production' },
    });
  } catch (error) {
    tell(`the console could not be built: ${error instanceof Error ? error.message : 'no reason given'}`);
    await rm(place, { recursive: true, force: true });
    throw error;
  }
  // Somebody else may have been faster, with the same.
  await rename(place, folder).catch(() => rm(place, { recursive: true, force: true }));
  await removeOthers(folder);
  tell(`the console is built (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
  return folder;
}

/** What older sources came to, but for the newest few: a server may be serving one. */
async function removeOthers(folder: string): Promise<void> {
  const dist = join(CONSOLE, 'dist');
  const names = (await readdir(dist)).filter((name) => /^[0-9a-f]{16}$/.test(name) && join(dist, name) !== folder);
  const aged = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(dist, name))).mtimeMs })));
  for (const { name } of aged.toSorted((a, b) => b.at - a.at).slice(KEPT)) await rm(join(dist, name), { recursive: true, force: true });
}

async function hashOfSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    const path = join(ROOT, source);
    if (!existsSync(path)) continue;
    const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => undefined);
    const files =
      entries === undefined
        ? [path]
        : entries.filter((one) => one.isFile() && !one.name.endsWith('.test.ts')).map((one) => join(one.parentPath, one.name));
    for (const file of files.toSorted()) hash.update(`${file.slice(ROOT.length)}\0`).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}
