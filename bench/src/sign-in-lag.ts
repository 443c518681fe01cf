/**
 * How late the event loop is while people sign in with passwords: `node --conditions=source bench/src/sign-in-lag.ts [sign-ins a second] [seconds]`. The server runs
 * here, and whoever signs in runs in a thread; both share the machine with the threads that hash. The bar is a p99 of 50 ms at 20 a second.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Agent } from '../../test/support/agent.ts';
import { startHufu, USER } from '../../test/support/hufu.ts';

interface Load {
  readonly issuer: string;
  readonly perSecond: number;
  readonly seconds: number;
}

const BAR_MS = 50;

async function measure(perSecond: number, seconds: number): Promise<void> {
  const hufu = await startHufu();
  const lag = monitorEventLoopDelay({ resolution: 5 });
  const load: Load = { issuer: hufu.issuer, perSecond, seconds };
  const worker = new Worker(new URL(import.meta.url), { workerData: load });
  const times = await new Promise<readonly number[]>((resolve, reject) => {
    worker.on('message', (message: 'warm' | readonly number[]) => (message === 'warm' ? lag.enable() : resolve(message)));
    worker.on('error', reject);
  });
  lag.disable();
  await worker.terminate();
  await hufu.stop();
  const sorted = times.toSorted((one, other) => one - other);
  const at = (part: number): string => (sorted[Math.floor(part * (sorted.length - 1))] ?? 0).toFixed(1);
  const ms = (nanoseconds: number): string => (nanoseconds / 1e6 - 5).toFixed(1);
  console.log(`${times.length} sign-ins in ${seconds} s: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms each`);
  console.log(
    `event loop late by: p50 ${ms(lag.percentile(50))} ms, p99 ${ms(lag.percentile(99))} ms, at most ${ms(lag.max)} ms (bar: p99 ${BAR_MS} ms)`,
  );
  if (lag.percentile(99) / 1e6 - 5 > BAR_MS) process.exitCode = 1;
}

async function signIn(issuer: string): Promise<number> {
  const agent = new Agent(issuer);
  const { hidden } = await agent.get('/signin');
  const begun = performance.now();
  const { status } = await agent.post('/signin', { ...hidden, ...USER });
  if (status !== 303) throw new Error(`a sign-in answered ${status}`);
  return performance.now() - begun;
}

/** As people come: at their times, whatever becomes of the others. */
async function load({ issuer, perSecond, seconds }: Load): Promise<void> {
  for (let index = 0; index < perSecond; index += 1) await signIn(issuer);
  parentPort?.postMessage('warm');
  const begun = performance.now();
  const all: Promise<number>[] = [];
  for (let index = 0; index < perSecond * seconds; index += 1) {
    await delay(Math.max(0, begun + (index * 1000) / perSecond - performance.now()));
    all.push(signIn(issuer));
  }
  parentPort?.postMessage(await Promise.all(all));
}

if (isMainThread) await measure(Number(process.argv[2] ?? 20), Number(process.argv[3] ?? 15));
else await load(workerData as Load);
