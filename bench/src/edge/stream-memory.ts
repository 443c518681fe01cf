import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sleep } from '../clock.ts';
import type { Cores } from '../cores.ts';
import { isMembers } from '../json.ts';
import { ServerProcess } from '../server-process.ts';
import { type Contender, type Edge, startField } from './contenders.ts';
import type { Memory } from './memory-of.ts';
import { say } from './say.ts';

/** Files of a proxy that are no streams. */
const OTHER_FILES = 200;
const SETTLE_MS = 3_000;

/** What a proxy holds for each of so many streams that nothing comes on, and after their clients have gone. A stream is two open files of it. */
export async function measureStreamMemory(names: readonly Contender[], cores: Cores, wanted: number): Promise<void> {
  const streams = Math.min(wanted, Math.floor((openFiles() - OTHER_FILES) / 2));
  say(
    `\n${streams} open event streams${streams < wanted ? ` (${wanted} were wanted: this machine allows ${openFiles()} open files)` : ''}`,
  );
  say('                    kB a stream (heap, buffers)   MB before   with them   after them');
  for (const name of names) {
    // One after the other, each alone: the upstream has one of them at a time.
    const field = await startField([name], cores, 2 * streams);
    const program = fileURLToPath(new URL('hold-streams.ts', import.meta.url));
    const holder = new ServerProcess({ core: cores.load, program: [program], channel: 'ipc' });
    try {
      await holder.message();
      const [edge] = field.edges;
      if (edge === undefined) throw new Error(`${name} is not there`);
      const hold = (count: number): Promise<unknown> => holder.order({ port: edge.port, count, tokens: field.tokens });
      await hold(200);
      await hold(0);
      await sleep(SETTLE_MS);
      const before = await memoryOf(edge);
      await hold(streams);
      const full = await memoryOf(edge);
      await hold(0);
      await sleep(SETTLE_MS);
      const left = await memoryOf(edge);
      const each = (read: (memory: Memory) => number): string => ((read(full) - read(before)) / streams / 1024).toFixed(1);
      const mega = ({ rss }: Memory): string => (rss / 2 ** 20).toFixed(0);
      const parts = `${each(({ rss }) => rss)} (${each(({ heap }) => heap)}, ${each(({ external }) => external)})`;
      say(`${name.padEnd(18)} ${parts.padStart(28)} ${mega(before).padStart(11)} ${mega(full).padStart(11)} ${mega(left).padStart(12)}`);
      const heapLeft = (left.heap - before.heap) / streams;
      say(`${''.padEnd(18)} heap left behind: ${(heapLeft / 1024).toFixed(2)} kB a stream`);
    } finally {
      await holder.stop();
      await field.stop();
    }
  }
}

async function memoryOf({ server }: Edge): Promise<Memory> {
  const answer = await server.order({});
  if (!isMembers(answer)) throw new TypeError('no memory');
  return { rss: Number(answer['rss']), heap: Number(answer['heap']), external: Number(answer['external']) };
}

/** The files that a process may have open here (`/proc/self/limits`); children have the same limit. */
function openFiles(): number {
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
  return soft === undefined ? 1_024 : Number(soft);
}
