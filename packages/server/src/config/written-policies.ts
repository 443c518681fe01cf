import type { WrittenPolicy } from './config.ts';
import { type ConfigNode, findValue, type Json } from './node.ts';
import type { JsonSchema } from './shape.ts';

/** A policy, by its place in the file. */
export interface PolicyPlace {
  /** Below `policies`: `passwords.min_length`. */
  readonly path: string;
  readonly doc: string;
  /** As one would write it; undefined: nothing is said by default. */
  readonly usual: Json | undefined;
}

/** Every policy that there is, in the order of the schema: what has parts of fixed names is each of its parts. */
export function policyPlaces(schema: JsonSchema): readonly PolicyPlace[] {
  return placesBelow(schema, '');
}

/** Those that the file has. */
export function writtenPolicies(policies: ConfigNode | undefined, schema: JsonSchema): readonly WrittenPolicy[] {
  return policyPlaces(schema).flatMap(({ path }) => {
    let node = policies;
    let inner: JsonSchema = schema;
    for (const part of path.split('.')) {
      node = findValue(node, part);
      inner = propertiesOf(inner)[part] ?? {};
    }
    return node === undefined ? [] : [{ path, value: shown(node, [inner]), line: node.place.line }];
  });
}

function placesBelow(schema: JsonSchema, prefix: string): readonly PolicyPlace[] {
  return Object.entries(propertiesOf(schema)).flatMap(([name, inner]): readonly PolicyPlace[] => {
    const path = `${prefix}${name}`;
    // What is on only where it is written is one policy, whatever it has inside.
    const isParts = Object.keys(propertiesOf(inner)).length > 0 && inner['default'] !== undefined;
    if (isParts) return placesBelow(inner, `${path}.`);
    return [{ path, doc: String(inner['description'] ?? ''), usual: inner['default'] }];
  });
}

const SECRET = '[secret]';
const MAX_TEXT = 200;

/** What a node says, for anybody who may read settings: a text whose schema or variable says that it is a secret is a word. */
function shown(node: ConfigNode, schemas: readonly JsonSchema[]): Json {
  if (schemas.some((schema) => schema['writeOnly'] === true)) return SECRET;
  const all = schemas.flatMap(alternatives);
  if (node.kind === 'broken') return null;
  if (node.kind === 'list') {
    const items = all.flatMap((schema) => asSchema(schema['items']));
    return node.items.map((item) => shown(item, items));
  }
  if (node.kind === 'map')
    return Object.fromEntries(
      node.entries.map(({ key, value }) => {
        const own = all.flatMap((schema) => [...asSchema(propertiesOf(schema)[key]), ...asSchema(schema['additionalProperties'])]);
        return [key, shown(value, own)];
      }),
    );
  if (node.secret || all.some((schema) => schema['writeOnly'] === true)) return SECRET;
  if (typeof node.value !== 'string' || node.value.length <= MAX_TEXT) return node.value;
  return `${node.value.slice(0, 60)}… (${node.value.length} characters)`;
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const inner = ['anyOf', 'oneOf', 'allOf'].flatMap((word) => {
    const some = schema[word];
    return Array.isArray(some) ? some.flatMap(asSchema).flatMap(alternatives) : [];
  });
  return [schema, ...inner];
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(
    Object.entries(Object(schema['properties'])).flatMap(([name, inner]) => asSchema(inner as Json).map((one) => [name, one] as const)),
  );
}

function asSchema(value: Json | undefined): readonly JsonSchema[] {
  return isSchema(value) ? [value] : [];
}

function isSchema(value: Json | undefined): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
