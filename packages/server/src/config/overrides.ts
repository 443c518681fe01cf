import { findNearest } from './nearest.ts';
import type { ConfigNode, MapEntry } from './node.ts';
import type { Place, Problems } from './problem.ts';
import type { Environment } from './substitute.ts';

/** The variables that overrule keys of the file. */
const OVERRIDES: ReadonlyMap<string, string> = new Map([
  ['HUFU_ISSUER', 'issuer'],
  ['HUFU_LISTEN', 'listen'],
  ['HUFU_DATABASE', 'database'],
  ['HUFU_REDIS', 'redis'],
  ['HUFU_DATA_DIR', 'data_dir'],
  ['HUFU_MODE', 'mode'],
]);

/**
 * Puts the values of `HUFU_*` variables in the place of what the file says. They are taken as they are: nothing is substituted in them.
 * An empty one counts as not set, and is warned about.
 */
export function applyOverrides(root: ConfigNode, env: Environment, warnings: Problems): ConfigNode {
  if (root.kind !== 'map') return root;
  const overriding: MapEntry[] = [];
  for (const [name, key] of OVERRIDES) {
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value === undefined) continue;
    if (value === '')
      warnings.add({
        ...placeOf(name),
        path: key,
        message: 'is set but empty, and was not used',
        found: '',
        allowed: [],
        suggestion: undefined,
      });
    else
      overriding.push({
        key,
        place: placeOf(name),
        value: { kind: 'scalar', place: placeOf(name), value, origin: 'environment', secret: false },
      });
  }
  const keys = new Set(overriding.map((entry) => entry.key));
  return { ...root, entries: [...root.entries.filter((entry) => !keys.has(entry.key)), ...overriding] };
}

/** Warns of variables that look like a misspelled override and that the file does not use itself. */
export function warnOfMisspelledOverrides(env: Environment, used: ReadonlySet<string>, warnings: Problems): void {
  const names = [...OVERRIDES.keys()];
  for (const name of Object.keys(env).toSorted()) {
    if (!/^hufu_/i.test(name) || names.includes(name) || used.has(name)) continue;
    const meant = findMeant(name, names);
    if (meant === undefined) continue;
    warnings.add({
      ...placeOf(name),
      path: '',
      message: 'is not a variable that overrides anything',
      found: name.slice(0, 80),
      allowed: names,
      suggestion: meant,
    });
  }
}

/** Compared without the common start, which would make everything look alike. */
function findMeant(name: string, names: readonly string[]): string | undefined {
  const rest = name.slice('HUFU_'.length).toUpperCase();
  const words = names.map((candidate) => candidate.slice('HUFU_'.length));
  const meant = findNearest(rest, words) ?? words.find((word) => rest.startsWith(`${word}_`));
  return meant === undefined ? undefined : `HUFU_${meant}`;
}

function placeOf(variable: string): Place {
  return { file: `${variable.slice(0, 80)} (environment)`, line: 0, column: 0 };
}
