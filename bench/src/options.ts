import { parseArgs } from 'node:util';
import { type PeerName, SCENARIOS, type Scenario } from './scenarios.ts';

export interface Options {
  /** Where the figures go as JSON; undefined: nowhere. */
  readonly json: string | undefined;
  readonly scenarios: readonly Scenario[];
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly rounds: number;
  readonly peers: readonly PeerName[];
}

export const USAGE: string = `npm run bench -- [options]
  --json FILE       write the figures as JSON
  --scenario NAME   only this one (may be repeated): ${SCENARIOS.map(({ name }) => name).join(' ')}
  --seconds N       timed seconds of each run (5)
  --warmup N        seconds before them (2)
  --rounds N        alternations; the medians are printed (3)
  --peers LIST      all, none, memory or postgres (all)`;

const PEERS: Readonly<Record<string, readonly PeerName[]>> = {
  all: ['oidc-provider-memory', 'oidc-provider-postgres'],
  none: [],
  memory: ['oidc-provider-memory'],
  postgres: ['oidc-provider-postgres'],
};

/** @throws TypeError that says what is wrong and what is allowed */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'string' },
      scenario: { type: 'string', multiple: true },
      seconds: { type: 'string', default: '5' },
      warmup: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '3' },
      peers: { type: 'string', default: 'all' },
    },
  });
  const peers = PEERS[values.peers];
  if (peers === undefined) throw new TypeError(`--peers ${values.peers}: all, none, memory or postgres`);
  const rounds = readPositive('--rounds', values.rounds);
  if (!Number.isInteger(rounds)) throw new TypeError(`--rounds ${values.rounds}: a whole number`);
  return {
    json: values.json,
    scenarios: values.scenario === undefined ? SCENARIOS : values.scenario.map(findScenario),
    seconds: readPositive('--seconds', values.seconds),
    warmupSeconds: readPositive('--warmup', values.warmup),
    rounds,
    peers,
  };
}

function findScenario(name: string): Scenario {
  const scenario = SCENARIOS.find((candidate) => candidate.name === name);
  if (scenario === undefined) throw new TypeError(`--scenario ${name}: one of ${SCENARIOS.map((known) => known.name).join(', ')}`);
  return scenario;
}

function readPositive(flag: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 3600)) throw new TypeError(`${flag} ${text}: a number above 0, 3600 at most`);
  return value;
}
