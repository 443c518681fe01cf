/**
 * PostgreSQL for tests and for trying things out: finds it, installs it on Debian where it may, and runs a cluster of its own in a
 * given folder, on loopback only, with `fsync` on. Runs on Node 20 too. It ends only the process that it started.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, chown, mkdir, mkdtemp, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './free-port.mjs';

const run = promisify(execFile);
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;

/**
 * The folder with `postgres` and `initdb`, or undefined. The newest version under /usr/lib/postgresql wins, then PATH.
 * @returns {Promise<string | undefined>}
 */
export async function findPostgres() {
  const root = '/usr/lib/postgresql';
  const versions = await readdir(root).catch(() => []);
  versions.sort((a, b) => Number(b) - Number(a));
  const folders = [...versions.map((version) => join(root, version, 'bin')), ...(process.env.PATH ?? '').split(delimiter)];
  for (const folder of folders) {
    if (folder !== '' && (await isThere(join(folder, 'initdb'))) && (await isThere(join(folder, 'postgres')))) return folder;
  }
  return undefined;
}

/**
 * As `findPostgres`, but installs it with apt-get where it is missing and this is root on Debian or Ubuntu.
 * @param {(line: string) => void} [log] progress lines
 * @returns {Promise<string>}
 */
export async function ensurePostgres(log = () => {}) {
  const found = await findPostgres();
  if (found !== undefined) return found;
  if (!isRoot() || !(await isThere('/usr/bin/apt-get'))) {
    throw new Error(
      'PostgreSQL is missing: no initdb under /usr/lib/postgresql or in PATH. Install it (Debian: apt-get install postgresql), or run as root on Debian.',
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  log('postgres: not installed; apt-get update');
  await run('apt-get', ['update', '-qq'], { env, maxBuffer: 1 << 24 });
  log('postgres: apt-get install postgresql (about 50 MB)');
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'postgresql'], { env, maxBuffer: 1 << 24 });
  const installed = await findPostgres();
  if (installed === undefined) throw new Error('apt-get installed postgresql, but there is no initdb');
  log(`postgres: installed in ${installed}`);
  return installed;
}

/**
 * A cluster in `directory` (made if it is not there), running on a free port of 127.0.0.1 with trust authentication: for tests on a
 * machine whose users trust each other. As root, the server runs as the user `postgres` (or `nobody`), who then owns the folder.
 *
 * @param {{ directory: string, settings?: Readonly<Record<string, string>>, log?: (line: string) => void }} options
 *   `settings`: more lines for the command line, `{ fsync: 'off' }`
 * @returns {Promise<{ url: string, pid: () => number | undefined, stop: (mode?: 'fast' | 'immediate') => Promise<void>, start: () => Promise<void>, crash: () => Promise<void> }>}
 *   `url`: of the superuser, the same over restarts. `stop('immediate')` is a crash without a last checkpoint; `start` starts it again;
 *   `crash` kills one of the server's children with SIGKILL, upon which the server throws everybody out and recovers by itself.
 */
export async function startPostgres({ directory, settings = {}, log = () => {} }) {
  const bin = await ensurePostgres(log);
  const folder = resolve(directory);
  const owner = await serverUser();
  await mkdir(folder, { recursive: true });
  if (owner.uid !== undefined) {
    await requireTraversable(dirname(folder));
    await chown(folder, owner.uid, owner.gid);
  }
  await chmod(folder, 0o700);
  const data = join(folder, 'data');
  if (!(await isThere(join(data, 'PG_VERSION')))) {
    log('postgres: initdb');
    await rm(data, { recursive: true, force: true });
    const options = ['--pgdata', data, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-instructions'];
    await run(join(bin, 'initdb'), options, { ...owner, cwd: folder, env: serverEnvironment() });
  }
  const more = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  let port = await freePort();
  let server = await launch(bin, folder, port, more, owner).catch(async () => {
    // Somebody took the port in between; a second failure is a real one.
    port = await freePort();
    return launch(bin, folder, port, more, owner);
  });
  const endWithUs = () => server?.kill('SIGQUIT');
  process.once('exit', endWithUs);
  log(`postgres: listening on 127.0.0.1:${port}`);
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    pid: () => server?.pid,
    stop: async (mode = 'fast') => {
      const ending = server;
      server = undefined;
      process.removeListener('exit', endWithUs);
      if (ending !== undefined) await end(ending, mode);
    },
    start: async () => {
      if (server !== undefined) throw new TypeError('it is running');
      server = await launch(bin, folder, port, more, owner);
      process.once('exit', endWithUs);
    },
    crash: async () => {
      const pid = server?.pid;
      if (pid === undefined) throw new TypeError('it is not running');
      await killOneChild(pid);
    },
  };
}

/**
 * An empty database on the cluster of `url` (by default HUFU_TEST_POSTGRES).
 * @param {string} name letters, digits and `_`
 * @param {string | undefined} [url] of a superuser
 * @returns {Promise<string>} the new database's URL
 */
export async function createDatabase(name, url = process.env.HUFU_TEST_POSTGRES) {
  if (url === undefined) throw new TypeError('no url and no HUFU_TEST_POSTGRES');
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) throw new TypeError(`not a database name: ${name}`);
  await command(url, `CREATE DATABASE ${name}`);
  const created = new URL(url);
  created.pathname = `/${name}`;
  return created.href;
}

/**
 * Removes a database of `createDatabase`, and throws out whoever is still connected.
 * @param {string} name
 * @param {string | undefined} [url]
 */
export async function dropDatabase(name, url = process.env.HUFU_TEST_POSTGRES) {
  if (url === undefined) throw new TypeError('no url and no HUFU_TEST_POSTGRES');
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) throw new TypeError(`not a database name: ${name}`);
  await command(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

async function command(url, sql) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/**
 * A cluster for the tests of this process: the one of HUFU_TEST_POSTGRES, or one of our own in a temporary folder, shared by all who ask
 * while it runs. Whoever asked calls `stop`; the last one ends it and removes the folder.
 * @returns {Promise<{ url: string, stop: () => Promise<void> }>}
 */
export async function testPostgres() {
  const given = process.env.HUFU_TEST_POSTGRES;
  if (given !== undefined) return { url: given, stop: async () => {} };
  shared ??= startInTemporaryFolder();
  const mine = shared;
  mine.users += 1;
  const { url } = await mine.started;
  return {
    url,
    stop: async () => {
      mine.users -= 1;
      if (mine.users > 0) return;
      if (shared === mine) shared = undefined;
      const { stop, folder } = await mine.started;
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** @type {ReturnType<typeof startInTemporaryFolder> | undefined} */
let shared;

function startInTemporaryFolder() {
  const start = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hufu-postgres-'));
    const { url, stop } = await startPostgres({ directory: folder });
    return { url, stop, folder };
  };
  return { users: 0, started: start() };
}

/** Who the server runs as: it refuses to be root. */
async function serverUser() {
  if (!isRoot()) return {};
  for (const name of ['postgres', 'nobody']) {
    const user = (await readFile('/etc/passwd', 'utf8')).split('\n').find((line) => line.startsWith(`${name}:`));
    const [, , uid, gid] = user?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody');
}

/** The server's user has to reach its folder: every parent needs `x` for others. */
async function requireTraversable(folder) {
  for (let at = folder; ; at = dirname(at)) {
    const { mode } = await stat(at);
    if ((mode & 0o001) === 0)
      throw new Error(`the user that PostgreSQL runs as cannot enter ${at}; choose a folder elsewhere or chmod o+x it`);
    if (at === dirname(at)) return;
  }
}

/** Nothing of the caller's PG* variables, which would redirect the tools. */
function serverEnvironment() {
  return { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC' };
}

async function launch(bin, folder, port, more, owner) {
  const fixed = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'fsync=on',
    'synchronous_commit=on',
    'max_connections=100',
  ];
  // restart_after_crash: the default, written down because the crash tests live on it.
  const args = ['-D', join(folder, 'data'), ...[...fixed, 'restart_after_crash=on'].flatMap((setting) => ['-c', setting]), ...more];
  const logPath = join(folder, 'server.log');
  const output = await open(logPath, 'a');
  const [program, ...before] = await endingWithParent(join(bin, 'postgres'));
  const server = spawn(program, [...before, ...args], {
    ...owner,
    cwd: folder,
    env: serverEnvironment(),
    stdio: ['ignore', output.fd, output.fd],
  });
  const failed = new Promise((done) => server.once('error', done));
  await output.close();
  // The server must not keep a finished caller alive.
  server.unref();
  for (let waited = 0; waited < START_TIMEOUT_MS; waited += 50) {
    if (server.exitCode !== null || server.signalCode !== null) break;
    if (await isReady(join(folder, 'data'), port)) return server;
    await Promise.race([sleep(50), failed]);
  }
  server.kill('SIGQUIT');
  const lines = (await readFile(logPath, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-10).join('\n');
  throw new Error(`PostgreSQL did not start:\n${lines}`);
}

/** A caller that is killed cannot stop its server; where Linux has the tool for it, the kernel does. */
async function endingWithParent(program) {
  const tool = '/usr/bin/setpriv';
  return (await isThere(tool)) ? [tool, '--pdeathsig', 'INT', program] : [program];
}

/** The last line of postmaster.pid says `ready` once connections are taken; the port is ours only if it names it. */
async function isReady(data, port) {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return lines[3] === String(port) && lines[7]?.trim() === 'ready' && (await canConnect(port));
}

async function canConnect(port) {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function end(server, mode) {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = once(server, 'exit');
  server.ref();
  server.kill(mode === 'immediate' ? 'SIGQUIT' : 'SIGINT');
  const late = setTimeout(() => server.kill('SIGQUIT'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(late);
}

/**
 * SIGKILL for one child of the server: a client's backend if there is one. Waits until the server has noticed and thrown everybody out: until then whoever is
 * still connected gets answers, and takes them for those of a server that has recovered.
 */
async function killOneChild(parent) {
  const children = await childrenOf(parent);
  const victim = children.find((child) => child.isBackend) ?? children[0];
  if (victim === undefined) throw new Error('the server has no children');
  process.kill(victim.pid, 'SIGKILL');
  for (let waited = 0; waited < START_TIMEOUT_MS; waited += 10) {
    const left = new Set((await childrenOf(parent)).map(({ pid }) => pid));
    if (!children.some(({ pid }) => left.has(pid))) return;
    await sleep(10);
  }
  throw new Error('the server did not notice that a child of it died');
}

async function childrenOf(parent) {
  const children = [];
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const status = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
    if (Number(fields[1]) !== parent) continue;
    const title = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    children.push({ pid: Number(entry), isBackend: title.includes('127.0.0.1(') });
  }
  return children;
}

async function isThere(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}

function isRoot() {
  return process.getuid?.() === 0;
}
