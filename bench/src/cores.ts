import { execFileSync } from 'node:child_process';

/** Which processor the server has for itself, and which the rest shares; undefined where the machine does not let us choose. */
export interface Cores {
  readonly server: number | undefined;
  readonly load: number | undefined;
}

/**
 * Pins this process to the load's core, and with it everything that it starts without saying otherwise (PostgreSQL too).
 * On a machine without `taskset` or with one processor nothing is pinned, and the figures say little.
 */
export function pinCores(): Cores {
  try {
    execFileSync('taskset', ['-c', '0', 'true'], { stdio: 'ignore' });
    execFileSync('taskset', ['-acp', '1', String(process.pid)], { stdio: 'ignore' });
    return { server: 0, load: 1 };
  } catch {
    return { server: undefined, load: undefined };
  }
}
