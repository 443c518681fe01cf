import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { type EdgeState, tellEdge } from '../edge-state.ts';
import { ADMIN_YAML, ask, openAdminWorld, roleToken } from '../testing/admin-world.ts';

const CANARY = 'canary-0123456789abcdef0123456789abcdef';
const world = await openAdminWorld({
  yaml: `${ADMIN_YAML}
upstreams:
  - { name: corp, kind: oidc, issuer: https://corp.example, client_id: us, client_secret: ${CANARY}, link: verified_email, domains: [corp.example] }
  - { preset: github, name: github, client_id: gh, client_secret: ${CANARY}, create: true, enabled: false }
  - { name: staff, kind: ldap, url: ldaps://ldap.example, base_dn: 'dc=example', bind_dn: 'cn=us', bind_password: ${CANARY} }
gateway:
  origins: ["http://localhost:4401"]
  secret: ${CANARY}
  audience: https://api.example/
  session: { client_id: console, client_secret: ${CANARY} }
  limits: { rules: { all: { limit: 9, period: 1m, key: [address] }, notes-only: { limit: 5, period: 1m, key: [address], match: { routes: [notes] } } } }
  upstreams:
    notes: { targets: [{ url: "http://127.0.0.1:9" }, { url: "http://127.0.0.1:8", tier: 1 }], check: { path: /up } }
    files: { targets: [{ url: "http://127.0.0.1:7" }], adaptive: {} }
  routes:
    - { name: notes, path: /notes, methods: [GET], upstream: notes, token: user, scopes: [read], session: true, max_age: 5m }
    - { name: files, path: /files, upstream: files, token: client, scopes: { GET: [], PUT: [write] } }
    - { name: free, path: /free, upstream: files, token: none }
`,
});
after(() => world.close());

type Item = Readonly<Record<string, unknown>>;
async function list(name: 'routes.list' | 'services.list' | 'upstreams.list'): Promise<{ readonly reply: Item; readonly items: Item[] }> {
  const { status, json, body } = await ask(world, await roleToken(world, 'read'), name);
  assert.equal(status, 200);
  assert.ok(!body.toString().includes('canary'), 'no secret');
  return { reply: json, items: json['items'] as Item[] };
}

test('routes are told with their policy, the limits that they meet, and the place in hufu.yaml that owns them', async () => {
  const { reply, items } = await list('routes.list');
  assert.deepEqual([reply['running'], reply['origins']], [false, ['http://localhost:4401']]);
  const [notes, files, free] = items;
  assert.deepEqual(notes, {
    name: 'notes',
    setting: 'gateway.routes[0]',
    path: '/notes',
    upstream: 'notes',
    token: 'user',
    scopes: ['read'],
    methods: ['GET'],
    max_age: 300,
    audience: 'https://api.example/',
    session: true,
    bearer: true,
    websocket: false,
    cacheable: false,
    forward_token: false,
    limits: ['edge:all', 'edge:notes-only'],
  });
  assert.deepEqual([files?.['scopes_by_method'], files?.['limits']], [{ GET: [], PUT: ['write'] }, ['edge:all']]);
  assert.deepEqual([free?.['audience'], free?.['bearer']], [undefined, false]);
});

test('a gateway of the same process is seen live, and no more once it is gone', async () => {
  const state: EdgeState = {
    limits: [],
    routes: [{ name: 'notes', requests: 7, refused: 2, streams: 1 }],
    upstreams: [
      {
        name: 'notes',
        waiting: 3,
        adaptive: undefined,
        targets: [
          {
            url: 'http://127.0.0.1:8',
            phase: 'open',
            cause: 'connect',
            underWay: 0,
            streams: 0,
            idle: 0,
            lastFailure: { kind: 'status', status: 503, agoMs: 5_000 },
          },
          { url: 'http://127.0.0.1:9', phase: 'closed', cause: undefined, underWay: 4, streams: 1, idle: 2, lastFailure: undefined },
        ],
      },
      { name: 'files', waiting: 0, adaptive: { inFlight: 2, limit: 32.7 }, targets: [] },
    ],
  };
  const untell = tellEdge(world.ctx, () => state);
  const routes = await list('routes.list');
  assert.equal(routes.reply['running'], true);
  assert.deepEqual(
    routes.items.map(({ live }) => live),
    [{ requests: 7, refused: 2, streams: 1 }, undefined, undefined],
  );
  const [notes, files] = (await list('services.list')).items;
  assert.deepEqual(notes, {
    name: 'notes',
    setting: 'gateway.upstreams.notes',
    routes: ['notes'],
    targets: [
      { url: 'http://127.0.0.1:9', tier: 0, weight: 1, live: { state: 'closed', in_flight: 4, streams: 1, idle: 2 } },
      {
        url: 'http://127.0.0.1:8',
        tier: 1,
        weight: 1,
        live: {
          state: 'open',
          cause: 'connect',
          in_flight: 0,
          streams: 0,
          idle: 0,
          last_failure: { kind: 'status', status: 503, at: Math.floor((world.ctx.clock.nowMs() - 5_000) / 1_000) },
        },
      },
    ],
    check: { path: '/up' },
    live: { waiting: 3 },
  });
  assert.deepEqual(files?.['live'], { waiting: 0, adaptive_limit: 32, adaptive_in_flight: 2 });
  untell();
  assert.equal((await list('services.list')).reply['running'], false);
});

test('upstreams of sign-in are told with whom their word counts for, and never with a secret (attacks ADM-18)', async () => {
  const { items } = await list('upstreams.list');
  assert.deepEqual(
    items.map(({ name, kind, preset, link, domains, create, enabled }) => [name, kind, preset, link, domains, create, enabled]),
    [
      ['corp', 'oidc', undefined, 'verified_email', ['corp.example'], false, true],
      ['github', 'oauth2', 'github', 'off', [], true, false],
      ['staff', 'ldap', undefined, 'off', [], true, true],
    ],
  );
  const [corp, , staff] = items;
  assert.deepEqual(
    Object.keys(corp ?? {})
      .toSorted()
      .join(' '),
    'claims client_auth client_id create domains enabled issuer kind label link name redirect_uri scopes setting',
  );
  assert.deepEqual(
    [corp?.['redirect_uri'], corp?.['client_auth'], corp?.['setting']],
    [`${world.ctx.issuer}/signin/with/corp/callback`, 'basic', 'upstreams[0]'],
  );
  assert.deepEqual([staff?.['redirect_uri'], staff?.['issuer']], [undefined, 'ldaps://ldap.example']);
});
