/**
 * The gateway beside a bare proxy and its peers, in one run:
 *
 *     node --conditions=source bench/src/edge/main.ts                       everything, about six minutes
 *     node --conditions=source bench/src/edge/main.ts --part requests --turns 4 --contender floor --contender gateway
 *
 * `--part requests|heads|memory` and `--contender NAME` may be repeated; `--seconds N` of a slice (1), `--turns N` (8), `--starts N` of every process (3), `--streams N` (10000).
 * Each server is a process of its own on core 0; the load, what stands behind, and the issuer share core 1.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { pinCores } from '../cores.ts';
import { CONTENDERS } from './contenders.ts';
import { say } from './say.ts';
import { measureStreamHeads } from './stream-head.ts';
import { measureStreamMemory } from './stream-memory.ts';
import { measureThroughput } from './throughput.ts';

const { values } = parseArgs({
  options: {
    part: { type: 'string', multiple: true, default: ['requests', 'heads', 'memory'] },
    contender: { type: 'string', multiple: true, default: [...CONTENDERS] },
    seconds: { type: 'string', default: '1' },
    turns: { type: 'string', default: '8' },
    starts: { type: 'string', default: '3' },
    streams: { type: 'string', default: '10000' },
  },
});
const names = CONTENDERS.filter((name) => values.contender.includes(name));
const [seconds, turns, starts, streams] = [values.seconds, values.turns, values.starts, values.streams].map(Number);
const cores = pinCores();

say(`Node ${process.version}, load average at the start ${load()}`);
if (values.part.includes('requests')) await measureThroughput(names, cores, seconds ?? 1, turns ?? 8, starts ?? 3);
if (values.part.includes('heads')) await measureStreamHeads(names, cores, 25 * (turns ?? 8));
if (values.part.includes('memory')) await measureStreamMemory(names, cores, streams ?? 10_000);
say(`\nload average at the end ${load()}`);

/** Of the last minute and of the last five. */
function load(): string {
  return loadavg()
    .slice(0, 2)
    .map((average) => average.toFixed(2))
    .join(', ');
}
