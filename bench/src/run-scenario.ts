import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HttpClient } from './http-client.ts';
import type { Jwk } from './jwk.ts';
import { LoadProcess } from './load-process.ts';
import { type Figure, measureColdStart, measureIdleMemory, measureLoad } from './measure.ts';
import type { Options } from './options.ts';
import type { Postgres } from './postgres.ts';
import type { Scenario } from './scenarios.ts';
import type { Document, Running, Setting, Subject } from './subject.ts';

export interface Bench {
  readonly options: Options;
  /** The processor of the load generator. */
  readonly loadCore: number | undefined;
  readonly postgres: Postgres | undefined;
  /** As `Setting.clientKey`. */
  readonly clientKey: Jwk;
  readonly directory: string;
  readonly say: (line: string) => void;
}

const MAX_REASON = 600;
/** From here on the load generator may be what is measured. */
const FULL = 0.95;
/** From here on something else ran on the server's core. */
const DISTURBED = 0.05;

/** Headers that belong to a connection or a moment: a floor has its own. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['date', 'connection', 'keep-alive', 'content-length', 'transfer-encoding']);

/** What the floor of a document answers while there is no Hufu: something of the usual size. */
const SAMPLE: Document = { headers: [['content-type', 'application/json']], body: sampleBody() };

/** All rounds of a scenario: each contender that takes part in turn, each from an empty start. A contender that fails loses its round. */
export async function runScenario(
  scenario: Scenario,
  subjects: readonly Subject[],
  bench: Bench,
): Promise<{ readonly samples: ReadonlyMap<string, readonly Figure[]>; readonly failures: number }> {
  const samples = new Map<string, Figure[]>();
  const taking = subjects.filter(({ name }) => name === 'ours' || name === 'floor' || scenario.peers.some((peer) => peer === name));
  let document = SAMPLE;
  let failures = 0;
  for (let round = 1; round <= bench.options.rounds; round += 1) {
    for (const subject of taking) {
      const directory = join(bench.directory, `${scenario.name}-${round}-${subject.name}`);
      await mkdir(directory);
      const usesPostgres =
        subject.name === 'oidc-provider-postgres' || (scenario.database === 'postgres' && subject.name !== 'oidc-provider-memory');
      const postgresUrl = usesPostgres ? ((await bench.postgres?.createDatabase()) ?? '') : '';
      try {
        const { figure, seen } = await runOnce(subject, { scenario, directory, postgresUrl, clientKey: bench.clientKey, document }, bench);
        if (subject.name === 'ours' && seen !== undefined) document = seen;
        samples.set(subject.name, [...(samples.get(subject.name) ?? []), figure]);
        bench.say(`${scenario.name} ${round} ${subject.name}: ${describe(figure)}`);
      } catch (error) {
        failures += 1;
        bench.say(`${scenario.name} ${round} ${subject.name}: FAILED ${reasonOf(error)}`);
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    }
  }
  return { samples, failures };
}

async function runOnce(
  subject: Subject,
  setting: Setting,
  bench: Bench,
): Promise<{ readonly figure: Figure; readonly seen: Document | undefined }> {
  const { scenario } = setting;
  if (scenario.work.kind === 'cold_start') return { figure: await measureColdStart(subject, setting), seen: undefined };
  const running = await subject.start(setting);
  // A new one each time: what it compiled and allocated for one contender must not help or hinder the next.
  const load = new LoadProcess(bench.loadCore);
  try {
    if (scenario.work.kind === 'idle_rss') return { figure: await measureIdleMemory(running), seen: undefined };
    const timing = { warmupMs: bench.options.warmupSeconds * 1000, measureMs: bench.options.seconds * 1000 };
    const figure = await measureLoad(running, setting, load, timing);
    return { figure, seen: scenario.work.kind === 'document' ? await readDocument(running, scenario.work.document) : undefined };
  } finally {
    await load.stop();
    await running.stop();
  }
}

async function readDocument(running: Running, document: 'jwks' | 'discovery'): Promise<Document> {
  const client = new HttpClient(running.port, 1);
  const answer = await client.send(document === 'jwks' ? running.paths.jwks : running.paths.discovery);
  client.close();
  const headers = Object.entries(answer.headers).flatMap(([name, value]) =>
    typeof value === 'string' && !OWN_HEADERS.has(name) ? [[name, value] as const] : [],
  );
  return { headers, body: answer.body };
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').slice(0, MAX_REASON);
}

function describe(figure: Figure): string {
  const { value, p50, p99, serverBusy, loadBusy, disturbed, perCpuSecond } = figure;
  const text = value.toFixed(value < 1000 ? 1 : 0);
  if (p50 === undefined || p99 === undefined || serverBusy === undefined || loadBusy === undefined) return text;
  const notes = [
    `${text} req/s`,
    `p50 ${p50.toFixed(2)} ms`,
    `p99 ${p99.toFixed(2)} ms`,
    `server ${percent(serverBusy)}`,
    `load ${percent(loadBusy)}`,
    `${perCpuSecond?.toFixed(0)} per server-CPU-second`,
    ...(loadBusy > FULL ? ['LOAD GENERATOR FULL'] : []),
    ...(disturbed !== undefined && disturbed > DISTURBED ? [`DISTURBED ${percent(disturbed)}`] : []),
  ];
  return notes.join(', ');
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

function sampleBody(): string {
  const names = Array.from({ length: 60 }, (_, index) => `a_member_of_usual_size_${index}`);
  return JSON.stringify({ keys: [], issuer: 'http://localhost', token_endpoint: '/oauth/token', jwks_uri: '/oauth/jwks', names });
}
