import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { readFile, readlink } from 'node:fs/promises';

/** This process, as others can tell later whether it is there yet: its number alone would do until another process gets it. */
export function identify(): string {
  const boot = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const namespace = attempt(() => readlinkSync('/proc/self/ns/pid'));
  const start = attempt(() => startOf(readFileSync('/proc/self/stat', 'utf8')));
  return JSON.stringify([process.pid, start, boot, namespace, randomBytes(9).toString('base64url')]);
}

/** Whether the process that made this identity is known to be gone: false where that cannot be told from here. */
export async function isProcessGone(identity: string): Promise<boolean> {
  const [pid, start, boot, namespace] = readIdentity(identity);
  if (typeof pid !== 'number' || !start || !boot || !namespace) return false;
  const here = await Promise.all([readFile('/proc/sys/kernel/random/boot_id', 'utf8'), readlink('/proc/self/ns/pid')]).catch(() => []);
  if (here[0]?.trim() !== boot || here[1] !== namespace) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // One of another user's is there.
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
  const now = await readFile(`/proc/${pid}/stat`, 'utf8').then(readStat, () => undefined);
  // A zombie does nothing any more.
  return now !== undefined && (now.start !== start || now.state === 'Z' || now.state === 'X');
}

function readIdentity(identity: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(identity);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

function startOf(stat: string): string {
  return readStat(stat).start;
}

/** The name of a program may have spaces and parentheses in it; what comes after the last one is numbers. */
function readStat(stat: string): { readonly state: string; readonly start: string } {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', start: fields[19] ?? '' };
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
