// @ts-check
/** OpenLDAP's server for the tests of directories: finds it, and installs it on Debian where it may. The tests start it themselves, in a folder of their own. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PLACES = ['/usr/sbin/slapd', '/usr/local/libexec/slapd', '/usr/libexec/slapd', '/opt/homebrew/opt/openldap/libexec/slapd'];

/**
 * The path of `slapd`: that of the variable HUFU_TEST_SLAPD, else one of the usual places, else what apt-get installs.
 * @param {(line: string) => void} [log] progress lines
 * @returns {Promise<string>}
 */
export async function ensureSlapd(log = () => {}) {
  const named = process.env.HUFU_TEST_SLAPD;
  if (named !== undefined && named !== '') {
    if (!existsSync(named)) throw new Error(`HUFU_TEST_SLAPD names ${named}, which is not there`);
    return named;
  }
  const found = PLACES.find((place) => existsSync(place));
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error('slapd is missing. Install it (Debian: apt-get install slapd), or name an executable in the variable HUFU_TEST_SLAPD.');
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Another apt-get may be at work on this machine.
  const options = ['-qq', '-o', 'DPkg::Lock::Timeout=300'];
  log('slapd: not installed; apt-get update');
  await run('apt-get', [...options, 'update'], { env, maxBuffer: 1 << 24 });
  log('slapd: apt-get install slapd (about 15 MB)');
  await run('apt-get', [...options, 'install', '-y', '--no-install-recommends', 'slapd'], { env, maxBuffer: 1 << 24 });
  const installed = PLACES.find((place) => existsSync(place));
  if (installed === undefined) throw new Error('apt-get installed slapd, but its executable is in none of the usual places');
  return installed;
}
