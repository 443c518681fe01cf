// @ts-check
/** Redis for the tests of what is shared through one: finds it, and installs it on Debian where it may. The tests start it themselves. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PLACES = ['/usr/bin/redis-server', '/usr/bin/valkey-server', '/usr/local/bin/redis-server', '/opt/homebrew/bin/redis-server'];

/**
 * The path of `redis-server`: that of the variable HUFU_TEST_REDIS, else one of the usual places, else what apt-get installs.
 * @param {(line: string) => void} [log] progress lines
 * @returns {Promise<string>}
 */
export async function ensureRedis(log = () => {}) {
  const named = process.env.HUFU_TEST_REDIS;
  if (named !== undefined && named !== '') {
    if (!existsSync(named)) throw new Error(`HUFU_TEST_REDIS names ${named}, which is not there`);
    return named;
  }
  const found = PLACES.find((place) => existsSync(place));
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error(
      'Redis is missing. Install it (Debian: apt-get install redis-server), or name an executable in the variable HUFU_TEST_REDIS.',
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  // Another apt-get may be at work on this machine.
  const options = ['-qq', '-o', 'DPkg::Lock::Timeout=300'];
  log('redis: not installed; apt-get update');
  await run('apt-get', [...options, 'update'], { env, maxBuffer: 1 << 24 });
  log('redis: apt-get install redis-server (about 10 MB)');
  await run('apt-get', [...options, 'install', '-y', '--no-install-recommends', 'redis-server'], { env, maxBuffer: 1 << 24 });
  const installed = PLACES.find((place) => existsSync(place));
  if (installed === undefined) throw new Error('apt-get installed redis-server, but its executable is in none of the usual places');
  return installed;
}
