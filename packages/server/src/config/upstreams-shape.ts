import { KINDS } from '../upstream/kinds.ts';
import { PRESETS } from '../upstream/registry.ts';
import { list } from './collection-shapes.ts';
import { findNearest } from './nearest.ts';
import { type ConfigNode, findText, findValue } from './node.ts';
import type { Failed, JsonSchema, Shape, Spot } from './shape.ts';
import type { Upstream } from './upstream-config.ts';

/** An entry is what its `preset` or its `kind` makes of it: each has keys of its own. */
const upstream: Shape<Upstream> = {
  schema: {
    oneOf: [
      ...[...KINDS].map(([name, shape]) => named('kind', name, shape.schema)),
      ...[...PRESETS].map(([name, { shape }]) => named('preset', name, shape.schema)),
    ],
  },
  read(node, spot) {
    const preset = findValue(node, 'preset');
    const kind = findValue(node, 'kind');
    if (preset !== undefined && kind !== undefined) return spot.at('kind').refuse(kind, 'cannot stand beside preset', ['one of the two']);
    if (preset !== undefined) return readAs(node, preset, spot, 'preset', (name) => PRESETS.get(name)?.shape, [...PRESETS.keys()]);
    if (kind !== undefined) return readAs(node, kind, spot, 'kind', (name) => KINDS.get(name), [...KINDS.keys()]);
    return spot.at('kind').report(node.place, 'is missing', '', ['kind', 'preset']);
  },
};

function readAs(
  node: ConfigNode,
  word: ConfigNode,
  spot: Spot,
  key: 'kind' | 'preset',
  find: (name: string) => Shape<Upstream> | undefined,
  words: readonly string[],
): Upstream | Failed {
  const text = findText(word) ?? '';
  const shape = find(text);
  if (shape === undefined) return spot.at(key).refuse(word, 'is not one of the allowed values', words, findNearest(text, words));
  return shape.read(node, spot);
}

/** The shape's schema, for entries with that word alone: an editor then tells what is wrong with it. */
function named(key: 'kind' | 'preset', word: string, schema: JsonSchema): JsonSchema {
  const { properties, required } = schema;
  const all = typeof properties === 'object' && properties !== null && !Array.isArray(properties) ? Object.entries(properties) : [];
  const own = all.filter(([name]) => name !== 'kind' && name !== 'preset');
  return {
    ...schema,
    properties: { ...Object.fromEntries(own), [key]: { const: word } },
    required: [...(Array.isArray(required) ? required : []), key],
  };
}

/** `upstreams`. */
export const upstreamsShape: Shape<readonly Upstream[]> = list(upstream, { max: 50, unique: [{ path: ['name'] }] });
