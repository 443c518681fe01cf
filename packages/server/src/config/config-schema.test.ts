import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { configJsonSchema } from './config-schema.ts';
import type { Json } from './node.ts';
import { ConfigError } from './problem.ts';
import { readConfig } from './read-config.ts';
import type { JsonSchema } from './shape.ts';

test('the committed schema is the one that the table gives (else run write-schema.ts)', () => {
  const committed: unknown = JSON.parse(readFileSync(new URL('../../hufu.schema.json', import.meta.url), 'utf8'));
  assert.deepEqual(committed, configJsonSchema());
});

test('the schema has the keys of the contract, and an editor flags every other', () => {
  const { properties, additionalProperties } = configJsonSchema();
  const contract =
    'issuer listen data_dir database redis mode tls trusted_proxies signing clients users resources gateway console limits policies mail upstreams tenants';
  assert.deepEqual(Object.keys(properties ?? {}), [...contract.split(' '), '$schema']);
  assert.equal(additionalProperties, false);
});

/** Every schema of a value, with its path. */
function* walk(schema: JsonSchema, path: string): Generator<readonly [string, JsonSchema]> {
  yield [path, schema];
  for (const [name, property] of Object.entries(schema['properties'] ?? {})) yield* walk(property as JsonSchema, `${path}.${name}`);
  if (schema['items'] !== undefined) yield* walk(schema['items'] as JsonSchema, `${path}[]`);
}

test('every key has a description that ends its sentence', () => {
  for (const [path, schema] of walk(configJsonSchema(), '')) {
    if (path.endsWith('[]') || path === '') continue;
    assert.match(String(schema['description']), /^\S.*[.)]$/s, path);
  }
});

test('every default of the schema is what the reader takes where nothing is written', () => {
  const defaults = (schema: JsonSchema): Json | undefined => {
    const inner: Record<string, Json> = {};
    for (const [name, property] of Object.entries(schema['properties'] ?? {})) {
      const value = defaults(property as JsonSchema);
      if (value !== undefined) inner[name] = value;
    }
    return Object.keys(inner).length > 0 ? inner : schema['default'];
  };
  const { tls, gateway, ...properties } = configJsonSchema()['properties'] as Record<string, Json>;
  assert.ok(tls && gateway); // have defaults inside, and are no defaults themselves
  const written = defaults({ properties });
  assert.deepEqual(Object.keys(written ?? {}), [
    'data_dir',
    'trusted_proxies',
    'signing',
    'clients',
    'users',
    'resources',
    'console',
    'limits',
    'policies',
    'upstreams',
  ]);
  const read = (text: string): unknown => ({ ...readConfig({ text, file: 'f', env: {} }), writtenPolicies: [] });
  assert.deepEqual(read(JSON.stringify(written)), read(''));
});

test('every word that an editor offers is known to the reader', () => {
  for (const [path, schema] of walk(configJsonSchema(), '')) {
    for (const variant of [schema, ...((schema['anyOf'] as JsonSchema[] | undefined) ?? [])]) {
      for (const word of (variant['enum'] as Json[] | undefined) ?? []) {
        const document = path
          .split('.')
          .slice(1)
          .reduceRight<Json>((value, part) => (part.endsWith('[]') ? { [part.slice(0, -2)]: [value] } : { [part]: value }), word);
        try {
          readConfig({ text: JSON.stringify(document), file: 'f', env: { HUFU_MODE: 'test' } });
        } catch (error) {
          assert.ok(error instanceof ConfigError);
          assert.doesNotMatch(error.message, /is not one of|unknown key/, `${path}: ${word}`);
        }
      }
    }
  }
});
