import { Agent, request } from 'node:http';
import { nowMs } from '../clock.ts';
import type { Cores } from '../cores.ts';
import { median } from '../statistics.ts';
import { type Contender, startField } from './contenders.ts';
import { say } from './say.ts';
import { BRIEF_STREAM, FIRST_EVENT_MS } from './work.ts';

/** Before it: until compiled code is what is measured. */
const WARM_REQUESTS = 3_000;

/** When the head of an event stream is here whose first event comes later: through each, one request at a time, in turn; and without anything between. */
export async function measureStreamHeads(names: readonly Contender[], cores: Cores, turns: number): Promise<void> {
  const field = await startField(names, cores, 64);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const [token = ''] = field.tokens;
  const ask = (port: number, path: string): Promise<number> => headMs(agent, port, path, token);
  try {
    const ways = [{ name: 'no proxy', port: field.upstreamPort }, ...field.edges];
    const times = new Map<string, number[]>(ways.map(({ name }) => [name, []]));
    for (const { port } of ways) for (let i = 0; i < WARM_REQUESTS; i++) await ask(port, '/notes');
    for (let turn = 0; turn < turns; turn++) {
      for (const { name, port } of turn % 2 === 0 ? ways : ways.toReversed()) times.get(name)?.push(await ask(port, BRIEF_STREAM));
    }
    const direct = median(times.get('no proxy') ?? []);
    const floor = median(times.get('floor') ?? [direct]);
    say(`\nhead of a stream whose first event comes after ${FIRST_EVENT_MS} ms, ${turns} each, one at a time, milliseconds`);
    say('                     median   more than without   more than the floor');
    for (const [name, all] of times) {
      const ms = median(all);
      say(
        `${name.padEnd(18)} ${ms.toFixed(3).padStart(8)} ${(ms - direct).toFixed(3).padStart(19)} ${(ms - floor).toFixed(3).padStart(21)}`,
      );
    }
  } finally {
    agent.destroy();
    await field.stop();
  }
}

/** Milliseconds to the head; resolves once the whole answer is read, so that the connection is free again. */
function headMs(agent: Agent, port: number, path: string, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const begun = nowMs();
    const outgoing = request({ host: '127.0.0.1', port, path, agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
      const ms = nowMs() - begun;
      response.resume();
      response.on('error', reject);
      response.on('end', () => (response.statusCode === 200 ? resolve(ms) : reject(new Error(`status ${response.statusCode}`))));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
