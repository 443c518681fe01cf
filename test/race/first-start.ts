import assert from 'node:assert/strict';
import type { startServer } from '@hufu/server/start';
import type { Store } from '@hufu/store/port';
import { wrapped } from '@hufu/store/wrapped';
import { postForm } from '../support/agent.ts';
import { type Node, startNode } from '../support/nodes.ts';

const MACHINE = 'machine:machine-secret-0123456789abcdef012345';
const API = 'api:api-secret-0123456789abcdef0123456789';
export const YAML = `
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
export const ISSUER = 'http://127.0.0.1:1';

/** Two servers of one issuer that start at the same moment, each on a store of its own making. */
export async function startBoth(open: (index: number) => Promise<Store>, start?: typeof startServer): Promise<void> {
  const nodes: readonly Node[] = await Promise.all(
    [0, 1].map(async (index) =>
      startNode({ store: await open(index), yaml: YAML, issuer: ISSUER, ...(start === undefined ? {} : { startServer: start }) }),
    ),
  );
  try {
    await assertOneKeySet(nodes.map((node) => node.origin));
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
  }
}

/** One JWKS, one tenant, and the tokens of each are tokens at the other. */
export async function assertOneKeySet(origins: readonly string[]): Promise<void> {
  const sets = await Promise.all(origins.map(async (origin) => (await fetch(`${origin}/oauth/jwks`)).text()));
  assert.equal(new Set(sets).size, 1, sets.join('\n'));
  const { keys }: { readonly keys: readonly Readonly<Record<string, unknown>>[] } = Object(JSON.parse(sets[0] ?? ''));
  const kinds = keys.map(({ use, alg, kty }) => `${String(use)} ${String(alg ?? kty)}`);
  assert.deepEqual(kinds, ['sig ES256', 'sig EdDSA', 'enc RSA', 'enc EC'], 'one key an algorithm, and one a kind that is encrypted to');
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
export function keepOpen(store: Store): Store {
  return wrapped(
    store,
    (inner) => new Proxy(inner, { get: (target, name) => (name === 'close' ? async () => {} : Reflect.get(target, name)) }),
  );
}
