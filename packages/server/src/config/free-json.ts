import { reportUnknownKeys } from './collection-shapes.ts';
import type { ConfigNode, Json } from './node.ts';
import type { Path } from './path.ts';
import type { Failed, JsonSchema, Spot } from './shape.ts';
import { FAILED } from './shape.ts';

/** The part of a schema that is about the value at a path below it; undefined where it knows nothing of one. */
export function schemaAt(schema: JsonSchema, path: Path): JsonSchema | undefined {
  let part: JsonSchema | undefined = schema;
  for (const step of path)
    part = part && (typeof step === 'number' ? asSchema(part['items']) : asSchema(asSchema(part['properties'])?.[step]));
  return part;
}

/** What a schema's `enum` lists, as text. */
export function wordsOf(schema: JsonSchema | undefined): readonly string[] {
  return variants(schema).flatMap((variant) => (isList(variant['enum']) ? variant['enum'].filter((word) => typeof word === 'string') : []));
}

/** What a schema allows, in a few words. */
export function describeSchema(schema: JsonSchema | undefined): readonly string[] {
  if (typeof schema?.['title'] === 'string') return [schema['title']];
  const words = wordsOf(schema);
  if (words.length > 0) return words;
  return variants(schema).flatMap((variant) => WORDS[String(variant['type'])] ?? []);
}

const WORDS: Readonly<Record<string, string>> = {
  boolean: 'true or false',
  integer: 'a whole number',
  array: 'a list',
  object: 'a mapping',
  string: 'text',
};

/**
 * A value as plain JSON for a reader that knows nothing of variables: what came out of the environment becomes a number or a boolean
 * where the schema wants one.
 */
export function toTypedJson(node: ConfigNode, schema: JsonSchema | undefined): Json {
  if (node.kind === 'broken') return null;
  if (node.kind === 'list') return node.items.map((item) => toTypedJson(item, schema && schemaAt(schema, [0])));
  if (node.kind === 'map')
    return Object.fromEntries(node.entries.map(({ key, value }) => [key, toTypedJson(value, schema && schemaAt(schema, [key]))]));
  if (node.origin === 'file' || typeof node.value !== 'string') return node.value;
  const types = variants(schema).map((variant) => variant['type']);
  if (types.includes('integer') && /^-?\d{1,15}$/.test(node.value)) return Number(node.value);
  if (types.includes('boolean') && (node.value === 'true' || node.value === 'false')) return node.value === 'true';
  return node.value;
}

/** Reports unknown keys at every level below that the schema closes (`additionalProperties: false`). */
export function reportUnknownKeysBelow(node: ConfigNode, schema: JsonSchema, spot: Spot): Failed | undefined {
  if (node.kind !== 'map') return undefined;
  let failed = schema['additionalProperties'] === false && reportUnknownKeys(node, Object.keys(asSchema(schema['properties']) ?? {}), spot);
  for (const { key, value } of node.entries) {
    const below = schemaAt(schema, [key]);
    if (below !== undefined && reportUnknownKeysBelow(value, below, spot.at(key)) === FAILED) failed = true;
  }
  return failed ? FAILED : undefined;
}

function variants(schema: JsonSchema | undefined): readonly JsonSchema[] {
  if (schema === undefined) return [];
  const anyOf = schema['anyOf'];
  return isList(anyOf) ? anyOf.map(asSchema).filter((variant) => variant !== undefined) : [schema];
}

function asSchema(value: Json | undefined): JsonSchema | undefined {
  return typeof value === 'object' && value !== null && !isList(value) ? value : undefined;
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}
