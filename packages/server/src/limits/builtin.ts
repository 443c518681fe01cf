import type { GcraRule } from '@hufu/flow/algorithms/gcra';
import type { KeyPart, Rule } from '@hufu/flow/rule';

/** What of a limit of our own may be changed. */
export interface BuiltinRate {
  /** Units that flow back in each period. */
  readonly limit: number;
  readonly periodMs: number;
  /** Units that may come at once. */
  readonly burst: number;
}

export type BuiltinName =
  | 'sign-in-source-account'
  | 'sign-in-account'
  | 'sign-in-source'
  | 'sign-in-known-browser'
  | 'sign-up-source'
  | 'sign-up'
  | 'client-failures'
  | 'device-guess-user'
  | 'device-guess-source'
  | 'device-guesses'
  | 'device-asks-source'
  | 'device-asks'
  | 'unknown-hints'
  | 'register-source'
  | 'register'
  | 'par-source'
  | 'par'
  | 'par-client-source'
  | 'par-clients'
  | 'documents-host'
  | 'documents'
  | 'feed-acks-node'
  | 'feed-acks'
  | 'feed-seen-node'
  | 'feed-seen';

/** Which of the two switches of mode test stop it. */
export type LimitSwitch = 'brute_force' | 'limits' | 'either' | 'none';

/** A limit that the server has by itself. */
export interface Builtin {
  /** What it counts, for the configuration's reference. */
  readonly title: string;
  readonly rate: BuiltinRate;
  readonly key: readonly KeyPart[];
  readonly switch: LimitSwitch;
  /**
   * `shared`: by all nodes together, where there is a Redis. `node`: by each by itself, at once. `feed`: the same on a clock that nobody stops
   * or sets.
   */
  readonly scope: 'shared' | 'node' | 'feed';
  /** Where it is used up, whoever has not taken from this one yet is heard all the same. */
  readonly spareFresh?: BuiltinName;
  /** It paces work of our own: what it does not let through is left out, and nobody is refused. */
  readonly refusesNobody?: true;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;

/** Every limit that the server has by itself, by name (docs/decisions/0026). */
export const BUILTINS: Readonly<Record<BuiltinName, Builtin>> = {
  // Less than half of what flows back to the account: one source alone keeps no owner out.
  'sign-in-source-account': shared('Passwords tried for one account from one source.', 1, MINUTE_MS, 5, ['address', 'account']),
  'sign-in-account': shared('Passwords tried for one account from everywhere.', 1, 30 * SECOND_MS, 20, ['account']),
  'sign-in-source': shared('Passwords tried from one source for any account.', 1, 3 * SECOND_MS, 40, ['address']),
  'sign-in-known-browser': shared(
    'Passwords tried in a browser that has signed in to the account before; in place of the other three.',
    1,
    15 * SECOND_MS,
    10,
    ['browser', 'account'],
  ),
  'sign-up-source': shared('Accounts made from one source.', 1, 3 * MINUTE_MS, 20, ['address']),
  'sign-up': shared('Accounts made by everybody together.', 1, SECOND_MS, 300, []),
  'client-failures': shared('Failed authentications of one client from one source.', 1, 10 * SECOND_MS, 20, ['address', 'account']),
  'device-guess-user': shared('Wrong user codes of one account.', 1, HOUR_MS, 4, ['user']),
  'device-guess-source': shared('Wrong user codes from one source.', 1, 12 * MINUTE_MS, 10, ['address']),
  'device-guesses': {
    ...shared('Wrong user codes of everybody together; beyond it accounts without one are still heard.', 50, MINUTE_MS, 500, []),
    spareFresh: 'device-guess-user',
  },
  'device-asks-source': {
    ...shared('Device authorization requests of one public client from one source.', 1, MINUTE_MS, 20, ['address', 'client']),
    switch: 'either',
  },
  'device-asks': {
    ...shared('Device authorization requests of all public clients together.', 50, SECOND_MS, 1_000, []),
    switch: 'either',
  },
  'unknown-hints': shared('Hints of one client that named nobody (CIBA).', 1, 10 * SECOND_MS, 30, ['client']),
  'register-source': node('Clients registered from one source without an initial access token.', 2, MINUTE_MS, 20, ['address']),
  register: node('Clients registered by everybody together without an initial access token.', 1, SECOND_MS, 300, []),
  'par-source': node('Requests pushed from one source by public clients.', 1, SECOND_MS, 60, ['address']),
  par: node('Requests pushed by all public clients together.', 50, SECOND_MS, 1_000, []),
  'par-client-source': node('Requests pushed by one confidential client from one source.', 50, SECOND_MS, 3_000, ['address', 'client']),
  'par-clients': node('Requests pushed by all confidential clients together.', 500, SECOND_MS, 30_000, []),
  'documents-host': { ...node('Client documents asked of one host.', 1, 2 * SECOND_MS, 20, [{ header: 'host' }]), switch: 'limits' },
  documents: { ...node('Client documents asked of all hosts together.', 10, SECOND_MS, 100, []), switch: 'limits' },
  'feed-acks-node': feed('Acknowledgements of one follower of the revocation log.', 5, SECOND_MS, 5, ['client', { header: 'node' }]),
  'feed-acks': feed('Acknowledgements of all followers of one client together.', 50, SECOND_MS, 512, ['client']),
  'feed-seen-node': {
    ...feed('Notes that a follower of the revocation log is there.', 4, MINUTE_MS, 1, ['client', { header: 'node' }]),
    refusesNobody: true,
  },
  'feed-seen': { ...feed('Notes that followers of one client are there.', 50, SECOND_MS, 512, ['client']), refusesNobody: true },
};

export const BUILTIN_NAMES: readonly BuiltinName[] = Object.keys(BUILTINS).filter(isBuiltinName);

export function isBuiltinName(name: string): name is BuiltinName {
  return Object.hasOwn(BUILTINS, name);
}

/** How far a limit of ours may be moved, either way: further would be the end of what it is there for. */
const FURTHEST = 4;

/** Why one of our own limits may not be that; undefined: it may. */
export function checkBuiltin(name: BuiltinName, { limit, periodMs, burst }: BuiltinRate): string | undefined {
  const { rate } = BUILTINS[name];
  const [own, usual] = [limit * rate.periodMs, rate.limit * periodMs];
  if (own > FURTHEST * usual || FURTHEST * own < usual)
    return `must be a quarter to four times the usual rate, ${rate.limit} in ${showPeriod(rate.periodMs)}`;
  const [least, most] = [Math.ceil(rate.burst / FURTHEST), FURTHEST * rate.burst];
  if (burst < least || burst > most) return `must have a burst of ${least} to ${most}`;
  return undefined;
}

/** A whole number of the largest unit, as a configuration has it. */
export function showPeriod(periodMs: number): string {
  for (const [unit, ms] of UNITS) if (periodMs % ms === 0) return `${periodMs / ms}${unit}`;
  return `${periodMs}ms`;
}

const UNITS = [
  ['d', DAY_MS],
  ['h', HOUR_MS],
  ['m', MINUTE_MS],
  ['s', SECOND_MS],
] as const;

/** One of our own limits as a rule. */
export function builtinRule(name: BuiltinName, rate: BuiltinRate = BUILTINS[name].rate): Rule {
  const { key, spareFresh, scope } = BUILTINS[name];
  const algorithm: GcraRule = { kind: 'gcra', limit: rate.limit, periodMs: rate.periodMs, burst: rate.burst };
  return {
    name,
    algorithm,
    key,
    tell: 'retry',
    scope: scope === 'shared' ? 'shared' : 'process',
    ...(spareFresh === undefined ? {} : { spareFresh }),
  };
}

function shared(title: string, limit: number, periodMs: number, burst: number, key: readonly KeyPart[]): Builtin {
  return { title, rate: { limit, periodMs, burst }, key, switch: 'brute_force', scope: 'shared' };
}

function node(title: string, limit: number, periodMs: number, burst: number, key: readonly KeyPart[]): Builtin {
  return { title, rate: { limit, periodMs, burst }, key, switch: 'either', scope: 'node' };
}

function feed(title: string, limit: number, periodMs: number, burst: number, key: readonly KeyPart[]): Builtin {
  return { title, rate: { limit, periodMs, burst }, key, switch: 'none', scope: 'feed' };
}
