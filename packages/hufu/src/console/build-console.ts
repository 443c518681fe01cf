import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const CONSOLE = join(ROOT, 'packages/console');
/** What goes into it. */
const SOURCES = [
  'packages/console/src',
  'packages/console/index.html',
  'packages/console/vite.config.ts',
  'packages/client/src',
  'packages/protocol/src',
  'package-lock.json',
];
const KEPT = 3;
/** What was begun longer ago was given up: whoever was at it was ended. */
const GIVEN_UP_MS = 3_600_000;
const BEGUN = '.building-';
const PATIENCE_MS = 180_000;
const run = promisify(execFile);

/** Writes what the sources come to into a folder. */
export type Bundler = (place: string) => Promise<unknown>;

/**
 * Builds the console of a checkout with Vite, unless what was built last is of the same sources. In a process of its own, so that the server goes on serving; in a folder of
 * its own that takes its name at the end, so that two who build at a time do not meet.
 *
 * @returns the folder
 */
export async function buildConsole(
  tell: (line: string) => void,
  dist: string = join(CONSOLE, 'dist'),
  bundle: Bundler = bundleWithVite,
): Promise<string> {
  try {
    return await build(tell, dist, bundle);
  } catch (error) {
    tell(`the console could not be built: ${error instanceof Error ? error.message : 'no reason given'}`);
    throw error;
  }
}

async function build(tell: (line: string) => void, dist: string, bundle: Bundler): Promise<string> {
  const folder = join(dist, await hashOfSources());
  if (isBuilt(folder)) return folder;
  tell('building the console (once for these sources) …');
  const begun = performance.now();
  await mkdir(dist, { recursive: true });
  const place = await mkdtemp(join(dist, BEGUN));
  try {
    await bundle(place);
    await rename(place, folder).catch((error: unknown) => {
      // Somebody else may have been faster, with the same.
      if (!isBuilt(folder)) throw error;
    });
  } finally {
    await rm(place, { recursive: true, force: true });
  }
  // Others may be tidying up as well.
  await removeOthers(dist, folder).catch(() => undefined);
  tell(`the console is built (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
  return folder;
}

function isBuilt(folder: string): boolean {
  return existsSync(join(folder, 'index.html'));
}

async function bundleWithVite(place: string): Promise<void> {
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
  await run(process.execPath, [vite, 'build', '--outDir', place, '--emptyOutDir', '--logLevel', 'warn'], {
    cwd: CONSOLE,
    timeout: PATIENCE_MS,
    env: { ...process.env, NODE_ENV: 'production' },
  });
}

/** What older sources came to, but for the newest few: a server may be serving one. And what nobody is building any more. */
async function removeOthers(dist: string, folder: string): Promise<void> {
  const names = (await readdir(dist)).filter((name) => join(dist, name) !== folder);
  const all = await Promise.all(names.map(async (name) => ({ name, at: (await stat(join(dist, name))).mtimeMs })));
  const old = all.filter(({ name }) => /^[0-9a-f]{16}$/.test(name)).toSorted((a, b) => b.at - a.at);
  // oxlint-disable-next-line hufu/time-and-chance -- files are as old as the disk says, and nothing is decided by it
  const givenUp = all.filter(({ name, at }) => name.startsWith(BEGUN) && Date.now() - at > GIVEN_UP_MS);
  for (const { name } of [...old.slice(KEPT), ...givenUp]) await rm(join(dist, name), { recursive: true, force: true });
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
