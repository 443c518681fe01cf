import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Store } from '@hufu/store/port';
import { openMemory } from '@hufu/store/memory';
import { openPostgres } from '@hufu/store/postgres/open';
import { withLatency } from '@hufu/store/slow';
import { postForm } from '../support/agent.ts';
import { ENGINES, freshDatabase } from '../support/databases.ts';
import { freePort } from '../support/hufu.ts';
import { startProcess } from '../support/hufu-process.ts';
import { type Node, startNode } from '../support/nodes.ts';
import { rounds, withSeeds } from '../support/seeds.ts';

const MACHINE = 'machine:machine-secret-0123456789abcdef012345';
const API = 'api:api-secret-0123456789abcdef0123456789';
const YAML = `
signing: { algorithms: [ES256, EdDSA] }
clients:
  - { client_id: machine, client_secret: machine-secret-0123456789abcdef012345, grant_types: [client_credentials], scope: read opaque }
  - client_id: api
    client_secret: api-secret-0123456789abcdef0123456789
    grant_types: [client_credentials]
    hufu: { resource_server_of: ['https://api.example/', 'https://opaque.example/'] }
resources:
  - { identifier: 'https://api.example/', scopes: [read], token_format: jwt }
  - { identifier: 'https://opaque.example/', scopes: [opaque], token_format: opaque }
`;
const ISSUER = 'http://127.0.0.1:1';

const seeds = rounds(100, 1_000);
test(`two servers that start together on an empty, slow store have one set of keys (attacks CRY-06), ${seeds} seeds`, () =>
  withSeeds(seeds, async (seed) => {
    const inner = await openMemory();
    const open = async (index: number): Promise<Store> => keepOpen(withLatency(inner, { seed: seed * 2 + index, maxMs: 1.5 }));
    await startBoth(open);
    await inner.close();
  }));

const databases = rounds(3, 100);
test(`two servers that start together on an empty PostgreSQL have one schema and one set of keys, ${databases} times`, () =>
  withSeeds(databases, async () => {
    const database = await freshDatabase('postgres');
    try {
      await startBoth(() => openPostgres(database.url));
    } finally {
      await database.drop();
    }
  }));

for (const engine of ENGINES) {
  const times = rounds(1, 30);
  test(`two processes that start together with one data folder on an empty ${engine} have one master key and one set of keys, ${times} times`, () =>
    withSeeds(times, async () => {
      const database = await freshDatabase(engine);
      const directory = await mkdtemp(join(tmpdir(), 'hufu-first-'));
      const options = { directory, issuer: ISSUER, database: database.url, mode: 'test', yaml: YAML } as const;
      const ports = [await freePort(), await freePort()];
      const processes = await Promise.all(ports.map((port) => startProcess({ ...options, port })));
      try {
        await assertOneKeySet(processes.map((process) => process.origin));
      } finally {
        await Promise.all(processes.map((process) => process.stop()));
        await database.drop();
        await rm(directory, { recursive: true, force: true });
      }
    }));
}

async function startBoth(open: (index: number) => Promise<Store>): Promise<void> {
  const nodes: readonly Node[] = await Promise.all(
    [0, 1].map(async (index) => startNode({ store: await open(index), yaml: YAML, issuer: ISSUER })),
  );
  try {
    await assertOneKeySet(nodes.map((node) => node.origin));
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
  }
}

/** One JWKS, one tenant, and the tokens of each are tokens at the other. */
async function assertOneKeySet(origins: readonly string[]): Promise<void> {
  const sets = await Promise.all(origins.map(async (origin) => (await fetch(`${origin}/oauth/jwks`)).text()));
  assert.equal(new Set(sets).size, 1, sets.join('\n'));
  assert.equal(Object(JSON.parse(sets[0] ?? '')).keys.length, 2, 'one key an algorithm');
  for (const [index, origin] of origins.entries()) {
    for (const scope of ['read', 'opaque']) {
      const tokens = await postForm(`${origin}/oauth/token`, { grant_type: 'client_credentials', scope }, MACHINE);
      assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
      const there = origins[1 - index] ?? assert.fail();
      const seen = await postForm(`${there}/oauth/introspect`, { token: String(tokens.body['access_token']) }, API);
      assert.equal(seen.body['active'], true);
    }
  }
}

/** Shared by two servers, of which the first to stop must not close it. */
function keepOpen(store: Store): Store {
  return new Proxy(store, { get: (target, name) => (name === 'close' ? async () => {} : Reflect.get(target, name)) });
}
