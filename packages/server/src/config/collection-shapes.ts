import { findNearest, rankByNearness } from './nearest.ts';
import { type ConfigNode, findText, fromJson, type Json, locate, type MapEntry, type MapNode } from './node.ts';
import { formatPath, type Path, showKey } from './path.ts';
import { FAILED, type Failed, type JsonSchema, type Shape, type Spot } from './shape.ts';

/** A key of a mapping. `doc` is what an editor shows: what it does, with the unit. */
export interface Key<T> {
  readonly doc: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
  read(entry: MapEntry | undefined, owner: MapNode, spot: Spot): T | Failed;
}

export type Keys = Readonly<Record<string, Key<unknown>>>;
export type Values<K extends Keys> = { readonly [Name in keyof K]: K[Name] extends Key<infer T> ? T : never };

export function required<T>(shape: Shape<T>, doc: string): Key<T> {
  return {
    doc,
    schema: shape.schema,
    required: true,
    read: (entry, owner, spot) => (entry === undefined ? spot.report(owner.place, 'is missing', '') : shape.read(entry.value, spot)),
  };
}

export function optional<T>(shape: Shape<T>, doc: string): Key<T | undefined> {
  return {
    doc,
    schema: shape.schema,
    required: false,
    read: (entry, _owner, spot) => (entry === undefined ? undefined : shape.read(entry.value, spot)),
  };
}

/** `fallback` is what one would write, and is read as if it had been written. */
export function withDefault<T>(shape: Shape<T>, fallback: Json, doc: string): Key<T> {
  return {
    doc,
    schema: { ...shape.schema, default: fallback },
    required: false,
    read: (entry, owner, spot) => shape.read(entry?.value ?? fromJson(fallback, owner.place), spot),
  };
}

/** A key of the contract whose feature is not there yet. Its value is checked all the same; turning it into `optional` is the whole switch. */
export function reserved(shape: Shape<unknown>, doc: string): Key<undefined> {
  return {
    doc: `${doc} Reserved: not supported by this version yet.`,
    schema: shape.schema,
    required: false,
    read(entry, _owner, spot) {
      if (entry === undefined) return undefined;
      shape.read(entry.value, spot);
      return spot.report(entry.place, 'is not supported by this version yet', '');
    },
  };
}

/**
 * A mapping of known keys. `check` looks at what several keys say together, also where some of them are wrong; what it answers
 * goes to `build`.
 */
export function object<K extends Keys, T, C = undefined>(rules: {
  readonly keys: K;
  readonly build: (values: Values<K>, checked: C, spot: Spot) => T;
  readonly check?: (node: MapNode, spot: Spot) => C | Failed;
  /** Further keys, all text, that `check` judges. */
  readonly variants?: RegExp;
}): Shape<T> {
  const names = Object.keys(rules.keys);
  return {
    schema: {
      type: 'object',
      properties: Object.fromEntries(Object.entries(rules.keys).map(([name, key]) => [name, { description: key.doc, ...key.schema }])),
      required: names.filter((name) => rules.keys[name]?.required === true),
      ...(rules.variants === undefined ? {} : { patternProperties: { [rules.variants.source]: { type: 'string' } } }),
      additionalProperties: false,
    },
    read(node, spot) {
      if (node.kind !== 'map') return refuseKind(node, spot, 'must be a mapping', names);
      const unknown = reportUnknownKeys(node, names, spot, rules.variants);
      const entries = new Map(node.entries.map((entry) => [entry.key, entry]));
      const values = Object.entries(rules.keys).map(([name, key]) => [name, key.read(entries.get(name), node, spot.at(name))] as const);
      const checked = rules.check?.(node, spot);
      if (unknown || checked === FAILED || values.some(([, value]) => value === FAILED)) return FAILED;
      return rules.build(Object.fromEntries(values) as Values<K>, checked as C, spot);
    },
  };
}

/** Texts of a list's items that may not come twice: at `path` inside the item, compared as `fold` makes them. */
export interface Unique {
  readonly path: Path;
  readonly fold?: (text: string) => string;
}

/** A list of `min` to `max` items. */
export function list<T>(
  item: Shape<T>,
  rules: { readonly min?: number; readonly max: number; readonly unique?: readonly Unique[] },
): Shape<readonly T[]> {
  const { min = 0, max, unique = [] } = rules;
  const uniqueItems = unique.some(({ path, fold }) => path.length === 0 && fold === undefined);
  return {
    schema: { type: 'array', items: item.schema, minItems: min, maxItems: max, ...(uniqueItems ? { uniqueItems } : {}) },
    read(node, spot) {
      if (node.kind !== 'list') return refuseKind(node, spot, 'must be a list', []);
      if (node.items.length < min) return spot.refuse(node, 'has too few items', [`at least ${min}`]);
      if (node.items.length > max) return spot.report(node.place, 'has too many items', String(node.items.length), [`at most ${max}`]);
      const values: T[] = [];
      for (const [index, entry] of node.items.entries()) {
        const value = item.read(entry, spot.at(index));
        if (value !== FAILED) values.push(value);
      }
      const repeated = unique.filter((rule) => reportRepeats(node.items, rule, spot)).length > 0;
      return repeated || values.length < node.items.length ? FAILED : values;
    },
  };
}

/** A mapping of names that the document chooses, each to a value of one shape; in the document's order. */
export function mapping<T>(
  item: Shape<T>,
  rules: { readonly max: number; readonly names: RegExp; readonly allowed: string },
): Shape<readonly (readonly [name: string, value: T])[]> {
  const { max, names, allowed } = rules;
  return {
    schema: { type: 'object', propertyNames: { pattern: names.source }, additionalProperties: item.schema, maxProperties: max },
    read(node, spot) {
      if (node.kind !== 'map') return refuseKind(node, spot, 'must be a mapping', []);
      if (node.entries.length > max)
        return spot.report(node.place, 'has too many entries', String(node.entries.length), [`at most ${max}`]);
      const values: (readonly [string, T])[] = [];
      for (const { key, place, value } of node.entries) {
        const inner = spot.at(key);
        if (!names.test(key)) {
          inner.report(place, 'is no name', showKey(key), [allowed]);
          continue;
        }
        const read = item.read(value, inner);
        if (read !== FAILED) values.push([key, read]);
      }
      return values.length < node.entries.length ? FAILED : values;
    },
  };
}

/** A list that this version does not look into. */
export const anyList: Shape<undefined> = {
  schema: { type: 'array' },
  read: (node, spot) => (node.kind === 'list' ? undefined : refuseKind(node, spot, 'must be a list', [])),
};

/** Reports the keys that are not among `names`, each with the one that was probably meant. */
export function reportUnknownKeys(node: MapNode, names: readonly string[], spot: Spot, variants?: RegExp): boolean {
  let found = false;
  for (const entry of node.entries) {
    if (names.includes(entry.key) || variants?.test(entry.key) === true) continue;
    found = true;
    if (spot.reading.problems.isFull) break; // no more need to look for what was meant
    const allowed = names.length > 24 ? rankByNearness(entry.key, names) : names;
    spot.at(entry.key).report(entry.place, 'unknown key', showKey(entry.key), allowed, findNearest(entry.key, names));
  }
  return found;
}

/** Text where a mapping or list is due is not shown: it may be a password on a line whose colon lacks its space. */
function refuseKind(node: ConfigNode, spot: Spot, message: string, allowed: readonly string[]): Failed {
  if (node.kind !== 'scalar' || typeof node.value !== 'string') return spot.refuse(node, message, allowed);
  return spot.report(node.place, message, 'text', allowed);
}

function reportRepeats(items: readonly ConfigNode[], { path, fold = (text) => text }: Unique, spot: Spot): boolean {
  const first = new Map<string, { readonly index: number; readonly line: number }>();
  let repeated = false;
  for (const [index, item] of items.entries()) {
    const { node, exact } = locate(item, path);
    const text = findText(node);
    if (!exact || text === undefined) continue;
    const earlier = first.get(fold(text));
    if (earlier === undefined) first.set(fold(text), { index, line: node.place.line });
    else {
      repeated = true;
      const here = path.reduce((inner, part) => inner.at(part), spot.at(index));
      here.refuse(node, `is the same as ${formatPath([...spot.path, earlier.index, ...path])} in line ${earlier.line}`);
    }
  }
  return repeated;
}
