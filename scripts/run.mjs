// @ts-check
/**
 * What `npm start`, `npm test`, `npm run check` and `npm run bench` call: installs what is missing, then goes on with the Node that the
 * project pins. Runs on the machine's own Node (20 or newer). `HUFU_NODE=path` goes on with another Node.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled, InstallError, pinnedNode } from './install.mjs';

/** The oldest Node that runs the sources. */
const OLDEST_MAJOR = 24;

/** @type {Record<string, readonly [string, ...string[]]>} */
const TARGETS = {
  start: ['packages/hufu/src/main.ts', 'start', '--demo'],
  test: ['scripts/test.ts'],
  check: ['scripts/check.ts'],
  bench: ['bench/src/main.ts'],
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [name = '', ...rest] = process.argv.slice(2);
const target = Object.hasOwn(TARGETS, name) ? TARGETS[name] : undefined;

if (target === undefined) {
  process.stderr.write(`usage: node scripts/run.mjs ${Object.keys(TARGETS).join('|')} [arguments]\n`);
  process.exitCode = 2;
} else {
  try {
    await ensureInstalled(root);
    goOn(chooseNode(), [...target, ...rest]);
  } catch (error) {
    if (!(error instanceof InstallError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

/** @returns {string} */
function chooseNode() {
  const wanted = process.env.HUFU_NODE;
  if (wanted !== undefined) return wanted;
  const pinned = pinnedNode(root);
  if (existsSync(pinned)) return pinned;
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_MAJOR) {
    process.stderr.write(`The pinned Node is not installed (install scripts are off?); going on with ${process.version}.\n`);
    return process.execPath;
  }
  throw new InstallError(
    `The pinned Node is not at ${pinned}: npm did not run its install script. Run: npm rebuild node --ignore-scripts=false\n` +
      `(or use Node ${OLDEST_MAJOR} or newer; this is ${process.version}).`,
  );
}

/**
 * @param {string} node
 * @param {readonly string[]} args
 */
function goOn(node, [script = '', ...args]) {
  const child = spawn(node, ['--conditions=source', join(root, script), ...args], { stdio: 'inherit' });
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    // Ctrl-C on a terminal reaches the child without us; a second SIGINT would read as impatience.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, forward);
  if (process.env.npm_lifecycle_event !== undefined) endWithParent(child);
  child.once('error', (error) => {
    process.stderr.write(`${node} cannot be run: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 1 : constants.signals[signal]);
  });
}

/**
 * A signal to npm ends the shell between npm and us without a word to us: take the loss of the parent as SIGTERM.
 * @param {import('node:child_process').ChildProcess} child
 */
function endWithParent(child) {
  const parent = process.ppid;
  const watching = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watching);
    child.kill('SIGTERM');
  }, 500);
  watching.unref();
}
