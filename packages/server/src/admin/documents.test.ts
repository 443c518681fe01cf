import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { adminRoute } from '@hufu/protocol/admin/operation';
import { OPERATION_NAMES, operationOf } from '@hufu/protocol/admin/operations';
import { Compile } from 'typebox/schema';
import { limitedRoute } from '../limits/limited-routes.ts';
import type { Route } from '../route.ts';
import { openAdminWorld } from '../testing/admin-world.ts';
import type { World } from '../testing/world.ts';
import { adminDocuments } from './documents.ts';
import { PERFORM } from './perform.ts';

let world: World;
let routes: readonly Route[] = [];
before(async () => {
  world = await openAdminWorld();
  routes = adminDocuments(world.ctx);
});
after(() => world.close());

async function get(
  path: string,
): Promise<{ readonly headers: Readonly<Record<string, unknown>>; readonly text: string; readonly status: number }> {
  const reply = await routes.find((route) => route.path === path)?.methods.GET?.(world.http({ path }));
  if (reply === undefined) assert.fail(path);
  return { headers: reply.headers, text: Buffer.from(reply.body).toString(), status: reply.status };
}

type Node = Readonly<Record<string, unknown>>;

function nodesOf(value: unknown, found: Node[] = []): readonly Node[] {
  if (Array.isArray(value)) for (const item of value) nodesOf(item, found);
  else if (typeof value === 'object' && value !== null) {
    found.push(Object(value));
    for (const item of Object.values(value)) nodesOf(item, found);
  }
  return found;
}

test('openapi.json has every operation of the table, each reference leads somewhere, and every schema is one', async () => {
  const { text, headers } = await get('/admin/v1/openapi.json');
  assert.equal(headers['content-type'], 'application/json');
  const document: Node = JSON.parse(text);
  assert.deepEqual([document['openapi'], Object(document['servers'])[0].url], ['3.1.0', 'https://id.example/admin/v1']);
  const paths: Readonly<Record<string, Readonly<Record<string, Node>>>> = Object(document['paths']);
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [String(operation['operationId']), `${method.toUpperCase()} ${path}`] as const),
  );
  assert.deepEqual(
    new Map(described),
    new Map(OPERATION_NAMES.map((name) => [name, `${operationOf(name).method} ${operationOf(name).path}`])),
  );
  assert.equal(described.length, OPERATION_NAMES.length, 'each once');
  const schemas: Node = Object(Object(document['components']).schemas);
  const references = nodesOf(document).flatMap((node) => (typeof node['$ref'] === 'string' ? [node['$ref']] : []));
  assert.ok(references.length > 100);
  for (const reference of references) assert.ok(Object.hasOwn(schemas, reference.replace('#/components/schemas/', '')), reference);
  for (const [name, schema] of Object.entries(schemas))
    assert.equal(typeof Compile({ ...Object(schema), components: { schemas } }).Check, 'function', name);
  for (const [path, methods] of Object.entries(paths)) {
    const inPath = [...path.matchAll(/\{(.+?)\}/g)].map(([, name]) => name).toSorted();
    for (const operation of Object.values(methods)) {
      const parameters: readonly Node[] = Object(operation['parameters']);
      const declared = parameters.filter((parameter) => parameter['in'] === 'path').map((parameter) => parameter['name']);
      assert.deepEqual(declared.toSorted(), inPath);
      assert.ok(parameters.every((parameter) => typeof parameter['name'] === 'string' && typeof parameter['schema'] === 'object'));
      assert.ok(Object.values(Object(operation['responses'])).every((reply) => typeof Object(reply).description === 'string'));
      assert.equal(Object.keys(Object(operation['responses'])).filter((status) => status.startsWith('2')).length, 1);
    }
  }
});

test('every operation is done by something, and no two answer at one place', () => {
  assert.deepEqual(Object.keys(PERFORM).toSorted(), OPERATION_NAMES.toSorted());
  const places = OPERATION_NAMES.map((name) => `${operationOf(name).method} ${adminRoute(operationOf(name))}`);
  assert.equal(new Set(places).size, places.length);
  for (const name of OPERATION_NAMES) {
    const { method, effect } = operationOf(name);
    // A token belongs in no address, and a picture fits into none: they are asked about in a body.
    const reads = method === 'GET' || name === 'tokens.inspect' || name === 'appearance.preview';
    assert.equal(effect === 'read', reads, `${name}: only what reads is a GET (RFC 9110 §9.2.1)`);
    assert.equal(limitedRoute(adminRoute(operationOf(name))) === undefined, name.startsWith('limits.'), name);
  }
});

test('/admin/docs loads what it needs from here alone, under a policy without unsafe- (attacks ADM-18)', async () => {
  const page = await get('/admin/docs');
  const policy = String(page.headers['content-security-policy']);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
  assert.match(policy, /default-src 'none'.*frame-ancestors 'none'/);
  assert.doesNotMatch(page.text, /<script>|<style|style=|\son\w+=/);
  for (const [, path = ''] of page.text.matchAll(/(?:src|href)="([^"]+)"/g)) {
    assert.ok(path.startsWith('/'), path);
    if (path.includes('/admin/')) assert.equal((await get(path)).status, 200, path);
  }
  assert.match((await get('/admin/docs/init.js')).text, /"url":"\/admin\/v1\/openapi.json".*"validatorUrl":null/);
});
