/**
 * `npm run bench`: Hufu, the floor and the peers in alternation, each as a process of its own on a core of its own, under a load whose
 * every answer is checked. README.md says how to read the figures.
 */
import { rmSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pinCores } from './cores.ts';
import { newEcKey } from './jwk.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { makePrograms } from './programs.ts';
import { report, type ScenarioReport, table } from './report.ts';
import { runScenario } from './run-scenario.ts';
import type { Subject } from './subject.ts';
import { floor } from './subjects/floor.ts';
import { oidcProvider } from './subjects/oidc-provider.ts';
import { ours } from './subjects/ours.ts';
import { makeSigningKeys } from './subjects/program.ts';

const RUNS = fileURLToPath(new URL('../.run/', import.meta.url));

async function main(options: Options): Promise<number> {
  const cores = pinCores();
  const keys = makeSigningKeys();
  const clientKey = newEcKey('bench-client');
  await mkdir(RUNS, { recursive: true });
  const directory = await mkdtemp(join(RUNS, 'run-'));
  // PostgreSQL runs as a user of its own and has to get to its folder.
  await chmod(directory, 0o755);
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const programs = await makePrograms(directory);
  const hufu = process.env['HUFU_BENCH_OURS'] ?? programs.hufu;
  const subjects: Subject[] = [
    ours(hufu, cores.server),
    floor(programs, keys, cores.server),
    ...options.peers.map((name) => oidcProvider(name, programs, keys, cores.server)),
  ];
  if (cores.server === undefined) say('Nothing is pinned to a core on this machine: the figures say little.');
  say(
    `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}; ${options.rounds} rounds of ${options.seconds} s after ${options.warmupSeconds} s`,
  );
  const usesPostgres = options.scenarios.some(
    ({ database, peers }) => database === 'postgres' || peers.some((peer) => needsPostgres(peer, options)),
  );
  const reports: Record<string, ScenarioReport> = {};
  let failures = 0;
  let postgres: Postgres | undefined;
  try {
    if (usesPostgres) postgres = await startPostgres(join(directory, 'postgres'));
    for (const scenario of options.scenarios) {
      const outcome = await runScenario(scenario, subjects, { options, loadCore: cores.load, postgres, clientKey, directory, say });
      failures += outcome.failures;
      reports[scenario.name] = report(scenario, outcome.samples);
      if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(reports, undefined, 2)}\n`);
    }
  } finally {
    await postgres?.stop();
  }
  say(`\n${table(reports)}`);
  return failures === 0 ? 0 : 1;
}

function needsPostgres(peer: string, options: Options): boolean {
  return peer === 'oidc-provider-postgres' && options.peers.some((name) => name === peer);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
if (process.argv.includes('--help')) {
  say(USAGE);
} else {
  let options: Options | undefined;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}\n`);
    process.exitCode = 2;
  }
  if (options !== undefined) process.exitCode = await main(options);
}
