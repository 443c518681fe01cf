import { readFileSync } from 'node:fs';
import { after, nowMs } from '../clock.ts';
import { readChecks } from './checks.ts';
import { Histogram } from './histogram.ts';
import type { LoadResult, Plan } from './plan.ts';
import { RequestWriter } from './request-writer.ts';
import { VirtualUser } from './virtual-user.ts';

/** Ticks a second in `/proc/PID/stat`: a constant of Linux' interface to user space. */
const TICKS = 100;

/**
 * Runs one plan: opens the connections, keeps one request out on each, and counts the right answers of the timed window.
 * @throws Error with the reason at the first wrong answer or lost connection
 */
export async function runLoad(plan: Plan): Promise<LoadResult> {
  const { check, issued } = readChecks(plan.expect);
  const writer = new RequestWriter(plan.request, `${plan.host}:${plan.port}`);
  const users: VirtualUser[] = [];
  const latencies = new Histogram();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let phase: 'warming' | 'timing' | 'over' = 'warming';
  let running = 0;
  let startedAt = 0;
  let endedAt = 0;
  let loadCpu = 0;
  let serverCpu = 0;
  let serverWait = 0;
  let cancel = (): void => {};

  const start = (): void => {
    latencies.reset();
    loadCpu = -ownCpuSeconds();
    serverCpu = -cpuSeconds(plan.serverPid);
    serverWait = -waitSeconds(plan.serverPid);
    startedAt = nowMs();
    phase = 'timing';
  };
  const end = (): void => {
    endedAt = nowMs();
    phase = 'over';
    loadCpu += ownCpuSeconds();
    serverCpu += cpuSeconds(plan.serverPid);
    serverWait += waitSeconds(plan.serverPid);
  };
  const progress = {
    answered(ms: number): boolean {
      if (phase === 'over') return false;
      latencies.record(ms);
      return true;
    },
    finished(): void {
      running -= 1;
      if (running > 0) return;
      if (phase !== 'over') end();
      resolve();
    },
    failed: (reason: string): void => reject(new Error(reason)),
  };

  const shares = shareOut(plan.credentials.length, plan.connections, plan.use);
  for (const indices of shares) users.push(new VirtualUser(plan, indices, writer, check, progress));
  try {
    await Promise.race([Promise.all(users.map((user) => user.connected())), promise]);
    running = users.length;
    if (plan.use === 'once') start();
    for (const user of users) user.send();
    if (plan.use !== 'once') {
      cancel = after(plan.warmupMs, () => {
        start();
        cancel = after(plan.measureMs, end);
      });
    }
    await promise;
  } finally {
    cancel();
    for (const user of users) user.end();
  }
  return {
    answers: latencies.total,
    seconds: (endedAt - startedAt) / 1000,
    latencies: latencies.toCounts(),
    loadCpuSeconds: loadCpu,
    serverCpuSeconds: serverCpu,
    serverWaitSeconds: serverWait,
    issued: issued(),
  };
}

/** Which connection has which credentials. Only those that are the same after a request, what is sent over and over and keys, may be shared. */
function shareOut(credentials: number, connections: number, use: Plan['use']): number[][] {
  const shares: number[][] = [];
  for (let user = 0; user < connections; user += 1) {
    const share: number[] = [];
    for (let index = user; index < credentials; index += connections) share.push(index);
    if (share.length > 0) shares.push(share);
    else if (use === 'cycle' || use === 'sign') shares.push([user % credentials]);
  }
  return shares;
}

function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** User and system time of a process and its threads (proc(5), fields 14 and 15). */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** How long the main thread of a process was ready to run without running (`/proc/PID/schedstat`, second field, nanoseconds). */
function waitSeconds(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[1]) / 1e9;
}
