// @ts-check
/**
 * Makes node_modules match package-lock.json and says how far it is. Plain JavaScript without dependencies: it runs before anything
 * is installed, on the machine's own Node (20 or newer).
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const LOCK_STALE_MS = 15 * 60_000;
const OUTPUT_LIMIT = 1 << 20;

/** A failure that needs no stack: the text is for whoever ran the command. */
export class InstallError extends Error {
  /** @override */
  name = 'InstallError';
}

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, os?: string[], cpu?: string[], libc?: string[] }} LockedPackage
 * @typedef {{ packages: Record<string, LockedPackage> }} Lock
 */

/**
 * Installs unless node_modules is what package-lock.json says. Two of these at once wait for each other.
 * @param {string} root the repository
 * @returns {Promise<void>}
 * @throws {InstallError}
 */
export async function ensureInstalled(root) {
  const lockPath = join(root, 'package-lock.json');
  if (!existsSync(lockPath)) throw new InstallError(`${lockPath} is missing: this is not a complete checkout`);
  if (isFresh(root)) return;
  mkdirSync(join(root, '.cache'), { recursive: true });
  await whileLocked(join(root, '.cache', 'install.lock'), async () => {
    if (isFresh(root)) return;
    await install(root);
    writeFileSync(stampPath(root), stampOf(root));
  });
}

/**
 * The Node that the project pins.
 * @param {string} root
 * @returns {string} its path, whether or not it is there
 */
export function pinnedNode(root) {
  return join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/**
 * Runs npm quietly and keeps what it says for the case that it fails.
 * @param {string[]} args
 * @param {string} cwd
 * @param {() => void} [eachTick] called twice a second
 * @throws {InstallError} with npm's whole output
 */
export async function npm(args, cwd, eachTick = () => {}) {
  const { command, first, shell } = npmCommand();
  // Audit and funding are noise here; engines are npm's view of the Node that runs npm, not of the one that will run us.
  const quiet = ['--no-audit', '--no-fund', '--engine-strict=false', '--loglevel=warn'];
  const child = spawn(command, [...first, ...args, ...quiet], { cwd, env: environment(cwd), shell, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  /** @param {Buffer} chunk */
  const keep = (chunk) => {
    output = (output + chunk.toString()).slice(-OUTPUT_LIMIT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  let interrupted = false;
  /** @param {NodeJS.Signals} signal */
  const stop = (signal) => {
    interrupted = true;
    child.kill(signal);
    // npm likes to finish first. Nothing is lost: the stamp is written after it.
    setTimeout(() => child.kill('SIGKILL'), 2000).unref();
  };
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, stop);
  const ticking = setInterval(eachTick, 500);
  try {
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exit, signal) => resolve(exit ?? signal));
    });
    if (interrupted) throw new InstallError('Interrupted.');
    if (code !== 0) throw new InstallError(`${withoutEngineWarnings(output)}\n\nnpm ${args[0]} failed (${code}).${hint(output)}`);
  } catch (cause) {
    if (/** @type {NodeJS.ErrnoException} */ (cause).code === 'ENOENT') throw new InstallError('npm was not found: install Node with npm.');
    throw cause;
  } finally {
    clearInterval(ticking);
    for (const signal of ['SIGINT', 'SIGTERM']) process.removeListener(signal, stop);
  }
}

/** @param {string} root */
async function install(root) {
  const { packages } = readLock(join(root, 'package-lock.json'));
  const expected = Object.keys(packages).filter((path) => isWanted(path, packages[path] ?? {}));
  const started = Date.now();
  const progress = showProgress(() => {
    const present = expected.filter((path) => existsSync(join(root, path, 'package.json'))).length;
    const seconds = Math.round((Date.now() - started) / 1000);
    const last = present === expected.length && !existsSync(pinnedNode(root)) ? ', fetching the pinned Node' : '';
    return `Installing dependencies: ${seconds} s, ${present} of ${expected.length} packages${last}`;
  });
  try {
    // Not `npm ci`: it refuses a lock that does not name every other platform's optional binaries, and npm leaves out those that the
    // registry in use does not carry. `--no-save` installs the locked versions as well, and leaves the lock alone.
    // `--include`: NODE_ENV=production would leave out the pinned Node.
    await npm(['install', '--no-save', '--include=dev', '--include=optional'], root, progress.tick);
  } finally {
    progress.end();
  }
  process.stderr.write(`Installed ${expected.length} packages in ${Math.round((Date.now() - started) / 1000)} s.\n`);
}

/**
 * One live line on a terminal, a line every five seconds elsewhere.
 * @param {() => string} describe
 */
function showProgress(describe) {
  const live = process.stderr.isTTY;
  let ticks = 0;
  const tick = () => {
    if (live) process.stderr.write(`\r\x1b[2K${describe()}`);
    else if (ticks % 10 === 0) process.stderr.write(`${describe()}\n`);
    ticks += 1;
  };
  tick();
  return { tick, end: () => process.stderr.write(live ? '\r\x1b[2K' : '') };
}

/** @param {string} root */
function isFresh(root) {
  const stamp = stampPath(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === stampOf(root)) return true;
  if (!matchesByHand(root)) return false;
  writeFileSync(stamp, stampOf(root));
  return true;
}

/**
 * Whether somebody's own `npm install` has already brought what the lock says; npm notes that in node_modules/.package-lock.json.
 * @param {string} root
 */
function matchesByHand(root) {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden) || !existsSync(pinnedNode(root))) return false;
  const there = readLock(hidden).packages;
  return Object.entries(readLock(join(root, 'package-lock.json')).packages).every(([path, wanted]) => {
    if (!isWanted(path, wanted)) return true;
    if (wanted.link) return existsSync(join(root, path));
    const found = there[path];
    return found !== undefined && found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

/** @param {string} root */
function stampPath(root) {
  return join(root, 'node_modules', '.hufu-stamp');
}

/** @param {string} root */
function stampOf(root) {
  const digest = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  return `${digest} ${process.platform} ${process.arch}\n`;
}

/**
 * @param {string} path
 * @returns {Lock}
 */
function readLock(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/**
 * Whether this machine gets the package. An optional one without a platform serves another one's platform (WebAssembly fallbacks);
 * some versions of npm install it all the same.
 * @param {string} path
 * @param {LockedPackage} locked
 */
function isWanted(path, { os, cpu, libc, optional }) {
  if (!path.startsWith('node_modules/') || (optional && os === undefined && cpu === undefined)) return false;
  return allows(os, process.platform) && allows(cpu, process.arch) && (libc === undefined || allows(libc, libcName()));
}

/**
 * npm's `os` and `cpu` lists: names, or `!name` for all but that.
 * @param {string[] | undefined} list
 * @param {string} name
 */
function allows(list, name) {
  if (list === undefined || list.includes(name)) return true;
  return list.every((entry) => entry.startsWith('!')) && !list.includes(`!${name}`);
}

function libcName() {
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return report.header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

/** `npm test` says which npm runs us; its Node must not be the one in node_modules, which npm is about to replace. */
function npmCommand() {
  const cli = process.env.npm_execpath;
  if (cli === undefined || !basename(cli).startsWith('npm-cli')) return { command: 'npm', first: [], shell: process.platform === 'win32' };
  const own = process.env.npm_node_execpath;
  return { command: own !== undefined && existsSync(own) ? own : process.execPath, first: [cli], shell: false };
}

/**
 * Without node_modules/.bin in PATH: install scripts look for `node` there while it is being replaced.
 * @param {string} cwd
 */
function environment(cwd) {
  const inside = join(cwd, 'node_modules', '.bin');
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== inside);
  return { ...process.env, PATH: path.join(delimiter) };
}

/**
 * The machine's Node is expected to be too old for us; that is never why npm failed.
 * @param {string} output
 */
function withoutEngineWarnings(output) {
  return output.replace(/^npm warn (?:EBADENGINE|Unknown ).*\n/gim, '').trimEnd();
}

/** @param {string} output */
function hint(output) {
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED/.test(output)) {
    return ' The package registry cannot be reached; the first run needs it, later ones do not.';
  }
  return '';
}

/**
 * @param {string} path
 * @param {() => Promise<void>} work
 */
async function whileLocked(path, work) {
  for (let said = false; !takeLock(path); said = true) {
    if (!said) process.stderr.write('Another install is at work here; waiting for it.\n');
    await sleep(500);
  }
  const release = () => rmSync(path, { force: true });
  process.once('exit', release);
  try {
    await work();
  } finally {
    process.removeListener('exit', release);
    release();
  }
}

/** @param {string} path */
function takeLock(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    // A holder that died leaves its file; an old file may name a process id that somebody else has by now.
    if (!isHeld(path)) rmSync(path, { force: true });
    return false;
  }
}

/** @param {string} path */
function isHeld(path) {
  try {
    if (Date.now() - statSync(path).mtimeMs > LOCK_STALE_MS) return false;
    return process.kill(Number(readFileSync(path, 'utf8')), 0);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}
