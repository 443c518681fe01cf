import { nowMs, sleep } from './clock.ts';
import { API_SCOPE, JWT_RESOURCE, MACHINE, POLL_SECONDS } from './contract.ts';
import { HttpClient } from './http-client.ts';
import { Histogram } from './load/histogram.ts';
import type { LoadResult } from './load/plan.ts';
import type { LoadProcess } from './load-process.ts';
import type { Scenario } from './scenarios.ts';
import { residentMegabytes } from './server-process.ts';
import type { Credential, Launched, Running, Setting, Subject } from './subject.ts';
import { basic, FORM_TYPE, form } from './token-requests.ts';
import { CONNECTIONS, DEVICE_CODES, GRANTS, needsCredentials, planFor, signingKeys } from './work-plan.ts';

/** Codes that are got ready for one burst: exchanged within seconds, long before they expire. */
const CODES = 64 * CONNECTIONS;
const IDLE_MS = 5000;
/** Between getting codes ready and exchanging them: what the server still does about the former is over then. */
const SETTLE_MS = 200;
const COLD_START_MS = 30_000;

/** One figure of one contender in one round. */
export interface Figure {
  /** Requests a second, milliseconds or megabytes, as the scenario says. */
  readonly value: number;
  /** Milliseconds; undefined where no load was put on. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  /** How full the server's and the load generator's cores were, 1 being full. */
  readonly serverBusy: number | undefined;
  readonly loadBusy: number | undefined;
  /** Share of the time in which the server waited for its core: something else ran there. */
  readonly disturbed: number | undefined;
  /** Requests per second of the server's processor time: holds still where the rate is disturbed. */
  readonly perCpuSecond: number | undefined;
}

export interface Timing {
  readonly warmupMs: number;
  readonly measureMs: number;
}

/** Requests a second under a closed loop of 64 connections, every answer checked. */
export async function measureLoad(running: Running, setting: Setting, load: LoadProcess, timing: Timing): Promise<Figure> {
  const { scenario } = setting;
  const next = batches(running, scenario);
  const result =
    next === undefined ? await steadyLoad(running, setting, load, timing) : await bursts(running, scenario, load, timing, next);
  if (isConfirmed(scenario)) await running.confirm(result.issued);
  const latencies = new Histogram();
  latencies.add(result.latencies);
  return {
    value: result.answers / result.seconds,
    p50: latencies.percentile(0.5),
    p99: latencies.percentile(0.99),
    serverBusy: result.serverCpuSeconds / result.seconds,
    loadBusy: result.loadCpuSeconds / result.seconds,
    disturbed: result.serverWaitSeconds / result.seconds,
    perCpuSecond: result.answers / result.serverCpuSeconds,
  };
}

/** What says nothing by itself is shown to its server once more. */
function isConfirmed({ work }: Scenario): boolean {
  if (work.kind === 'par') return true;
  if (work.kind === 'client_credentials') return work.resource !== JWT_RESOURCE;
  return work.kind === 'refresh' && work.grant.resource !== JWT_RESOURCE;
}

async function steadyLoad(running: Running, setting: Setting, load: LoadProcess, timing: Timing): Promise<LoadResult> {
  const { scenario, clientKey } = setting;
  const credentials = needsCredentials(scenario.work) ? await running.credentials(GRANTS) : signingKeys(scenario.work, clientKey);
  return load.run(planFor(scenario, running, credentials, timing.warmupMs, timing.measureMs));
}

/**
 * What has to be sent in bursts, batch by batch; undefined where requests may follow each other without end. A code works once and for a
 * minute at most: each batch is a new one. A device code may be asked about once in an interval (RFC 8628 §3.5): the batch is the same, and
 * the interval lies between its bursts.
 */
function batches(running: Running, { work }: Scenario): (() => Promise<Credential[]>) | undefined {
  if (work.kind === 'code') {
    return async () => {
      const codes = await running.credentials(CODES);
      await sleep(SETTLE_MS);
      return codes;
    };
  }
  if (work.kind !== 'device_poll') return undefined;
  let codes: Credential[] | undefined;
  return async () => {
    await sleep(codes === undefined ? 0 : POLL_SECONDS * 1000);
    codes ??= await running.credentials(DEVICE_CODES);
    await sleep(SETTLE_MS);
    return codes;
  };
}

/** Only the time in which a batch is sent counts. Batches until the warm-up's time has gone by are not counted at all. */
async function bursts(
  running: Running,
  scenario: Scenario,
  load: LoadProcess,
  timing: Timing,
  nextBatch: () => Promise<Credential[]>,
): Promise<LoadResult> {
  const latencies = new Histogram();
  let warmMs = 0;
  let total: LoadResult = {
    answers: 0,
    seconds: 0,
    latencies: [],
    loadCpuSeconds: 0,
    serverCpuSeconds: 0,
    serverWaitSeconds: 0,
    issued: [],
  };
  while (total.seconds * 1000 < timing.measureMs) {
    const burst = await load.run(planFor(scenario, running, await nextBatch(), 0, 0));
    if (warmMs < timing.warmupMs) {
      warmMs += burst.seconds * 1000;
      continue;
    }
    latencies.add(burst.latencies);
    total = {
      answers: total.answers + burst.answers,
      seconds: total.seconds + burst.seconds,
      latencies: [],
      loadCpuSeconds: total.loadCpuSeconds + burst.loadCpuSeconds,
      serverCpuSeconds: total.serverCpuSeconds + burst.serverCpuSeconds,
      serverWaitSeconds: total.serverWaitSeconds + burst.serverWaitSeconds,
      issued: burst.issued,
    };
  }
  return { ...total, latencies: latencies.toCounts() };
}

/** Milliseconds from making the process to the first token that it issues, with the data of an earlier start there. */
export async function measureColdStart(subject: Subject, setting: Setting): Promise<Figure> {
  await (await subject.start(setting)).stop();
  const launched = await subject.launch(setting);
  try {
    return plain((await firstToken(launched)) - launched.launchedAt);
  } finally {
    await launched.server.stop();
  }
}

async function firstToken({ server, port, tokenPath, launchedAt }: Launched): Promise<number> {
  const client = new HttpClient(port, 1);
  const body = form({ grant_type: 'client_credentials', scope: API_SCOPE, resource: JWT_RESOURCE });
  const headers = { authorization: basic(MACHINE), 'content-type': FORM_TYPE };
  try {
    while (nowMs() - launchedAt < COLD_START_MS) {
      if (server.hasEnded) throw new Error(`ended: ${server.output}`);
      const answer = await client.send(tokenPath, { method: 'POST', headers, body }).catch(() => undefined);
      if (answer?.status === 200 && answer.body.includes('"access_token"')) return nowMs();
      await sleep(2);
    }
  } finally {
    client.close();
  }
  throw new Error(`no token within ${COLD_START_MS} ms: ${server.output}`);
}

/** Resident megabytes five seconds after a start, without a single request beyond those that find out that it is ready. */
export async function measureIdleMemory(running: Running): Promise<Figure> {
  await sleep(IDLE_MS);
  return plain(residentMegabytes(running.pid));
}

function plain(value: number): Figure {
  return {
    value,
    p50: undefined,
    p99: undefined,
    serverBusy: undefined,
    loadBusy: undefined,
    disturbed: undefined,
    perCpuSecond: undefined,
  };
}
