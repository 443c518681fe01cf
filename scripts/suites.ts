/** Which suites there are, found in the tree, in the order in which they run. */
import { existsSync, globSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/** What is run together. */
export interface Suite {
  readonly name: string;
  /** Relative to the root, sorted. */
  readonly files: readonly string[];
  /** How many processes share its files; 1 where tests watch the time, or where browsers and servers beside them need the other core. */
  readonly processes: number;
  /** What it should take at most on two cores; longer is said, not failed. */
  readonly budgetSeconds: number;
  /** After this long it is ended and has failed. */
  readonly limitSeconds: number;
  /** The major version of Node that it runs on; undefined: this one. */
  readonly nodeMajor?: string;
}

/** Folders of test/ in the order of what fails soonest and costs least; one that is not named here comes after these, before e2e. */
const ORDER = ['interop', 'differential', 'conformance', 'attack', 'race', 'fault', 'model', 'fuzz'];
const LONG_FACTOR = 12;
/** Suites of many small files that wait for nothing: their work is that of one core. */
const SHARED = ['unit', 'store', 'node-24', 'attack', 'conformance'];
const CORES = 2;
/** Where it is not two minutes: the modules of all plans of the conformance suite. */
const BUDGET_SECONDS: Readonly<Record<string, number>> = { conformance: 180 };

/**
 * @param root the repository
 * @param only suite names or paths; empty: everything
 */
export function findSuites(root: string, only: readonly string[], { long }: { readonly long: boolean }): readonly Suite[] {
  // What starts and ends PostgreSQL, and what it takes.
  const store = globSync('packages/store/src/**/*.test.ts', { cwd: root });
  const unit = globSync('packages/*/src/**/*.test.ts', { cwd: root }).filter((file) => !store.includes(file));
  const suites: Omit<Suite, 'processes'>[] = [
    { name: 'unit', files: unit, budgetSeconds: 30, limitSeconds: 900 },
    { name: 'store', files: store, budgetSeconds: 60, limitSeconds: 900 },
    { name: 'scripts', files: globSync('scripts/**/*.test.ts', { cwd: root }), budgetSeconds: 20, limitSeconds: 120 },
    ...foldersOf(root, 'test').map((folder) => ({
      name: folder,
      files: globSync(`test/${folder}/**/*.test.ts`, { cwd: root }),
      budgetSeconds: BUDGET_SECONDS[folder] ?? 120,
      limitSeconds: 1_800,
    })),
    {
      name: 'examples',
      files: globSync('examples/**/*.test.ts', { cwd: root, exclude: ['**/node_modules'] }),
      budgetSeconds: 60,
      limitSeconds: 300,
    },
    {
      name: 'bench',
      files: globSync('bench/**/*.test.ts', { cwd: root, exclude: ['**/node_modules'] }),
      budgetSeconds: 30,
      limitSeconds: 120,
    },
    { name: 'node-24', files: [...unit, ...store], budgetSeconds: 90, limitSeconds: 1_800, nodeMajor: '24' },
  ];
  return suites
    .map((suite) => {
      const files = select(suite, only).toSorted();
      const processes = SHARED.includes(suite.name) ? Math.min(CORES, availableParallelism(), files.length) : 1;
      return { ...suite, files, processes, limitSeconds: suite.limitSeconds * (long ? LONG_FACTOR : 1) };
    })
    .filter((suite) => suite.files.length > 0);
}

function foldersOf(root: string, path: string): readonly string[] {
  if (!existsSync(join(root, path))) return [];
  const folders = readdirSync(join(root, path), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map((entry) => entry.name).toSorted((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

function rank(folder: string): number {
  if (folder === 'e2e') return ORDER.length + 1;
  const place = ORDER.indexOf(folder);
  return place === -1 ? ORDER.length : place;
}

/** A path narrows a suite to the files under it; the round on another Node runs only when everything does, or by its name. */
function select(suite: Omit<Suite, 'processes'>, only: readonly string[]): readonly string[] {
  if (only.length === 0 || only.includes(suite.name)) return suite.files;
  if (suite.nodeMajor !== undefined) return [];
  const paths = only.map((path) => path.replace(/^\.\//, '').replace(/\/$/, ''));
  return suite.files.filter((file) => paths.some((path) => file === path || file.startsWith(`${path}/`)));
}
