// @ts-check
/** Chromium for the browser tests: finds it, and installs it on Debian where it may. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/**
 * The path of an executable: that of the variable CHROMIUM, else one of the usual places, else what apt-get installs.
 * @param {(line: string) => void} [log] progress lines
 * @returns {Promise<string>}
 */
export async function ensureChromium(log = () => {}) {
  const named = process.env.CHROMIUM;
  if (named !== undefined && named !== '') {
    if (!existsSync(named)) throw new Error(`CHROMIUM names ${named}, which is not there`);
    return named;
  }
  const found = PLACES.find((place) => existsSync(place));
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error('Chromium is missing. Install it (Debian: apt-get install chromium), or name an executable in the variable CHROMIUM.');
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Another apt-get may be at work on this machine.
  const options = ['-qq', '-o', 'DPkg::Lock::Timeout=300'];
  log('chromium: not installed; apt-get update');
  await run('apt-get', [...options, 'update'], { env, maxBuffer: 1 << 24 });
  log('chromium: apt-get install chromium (about 100 MB)');
  await run('apt-get', [...options, 'install', '-y', '--no-install-recommends', 'chromium'], { env, maxBuffer: 1 << 24 });
  const installed = PLACES.find((place) => existsSync(place));
  if (installed === undefined) throw new Error('apt-get installed chromium, but its executable is in none of the usual places');
  return installed;
}
