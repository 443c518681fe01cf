import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from './problem.ts';
import { readConfig } from './read-config.ts';

function read(gateway: string): ReturnType<typeof readConfig>['gateway'] {
  return readConfig({ text: `gateway:\n${gateway}`, file: 'hufu.yaml', env: { SECRET: 'edge-secret' } }).gateway;
}

const BASE = `
  origins: ["https://api.example"]
  upstreams: { notes: { targets: [{ url: "http://10.0.0.1:8080" }, { url: "http://10.0.0.2:8080", weight: 2, tier: 1 }] } }
`;

test('what is written of a gateway is read as plain data', () => {
  const gateway = read(`${BASE}
  listen: ":4401"
  audience: https://api.example
  issuers:
    - issuer: https://id.example
      users: subject
      revocations: { client_id: edge, client_secret: "\${SECRET}" }
  trusted_proxies: [10.0.0.0/8]
  drop_headers: [x-internal-*]
  routes:
    - name: notes
      path: /notes
      upstream: notes
      token: user
      scopes: { GET: ["notes:read"], POST: ["notes:write"] }
      max_age: 5m
      cors_origins: ["https://app.example"]
      revocations: { max_age: 5s, open_for: 1m }
    - { name: rest, path: /, upstream: notes, token: none, scopes: [a], revocations: {} }
`);
  assert.ok(gateway !== undefined);
  assert.deepEqual(gateway.listen, { host: undefined, port: 4401 });
  assert.equal(gateway.issuers[0]?.revocations?.clientSecret.reveal(), 'edge-secret');
  assert.doesNotMatch(JSON.stringify(gateway), /edge-secret/);
  assert.deepEqual(gateway.upstreams[0]?.targets[1], { url: 'http://10.0.0.2:8080', weight: 2, tier: 1 });
  const [notes, rest] = gateway.routes;
  assert.deepEqual(notes?.scopes, { GET: ['notes:read'], POST: ['notes:write'] });
  assert.equal(notes?.maxAgeSeconds, 300);
  assert.deepEqual(notes?.revocations, { maxAgeSeconds: 5, openForSeconds: 60 });
  assert.deepEqual(rest?.scopes, ['a']);
  assert.deepEqual(rest?.revocations, { maxAgeSeconds: 10, openForSeconds: undefined });
});

test('limits at the edge are rules as those of the server, in words of the edge', () => {
  const gateway = read(`${BASE}
  routes: [{ name: notes, path: /, upstream: notes, token: any }]
  limits:
    rules:
      per-address: { limit: 10, period: 1s, key: [address, "claim:org", "header:X-Device"], failed_cost: 5, match: { routes: [notes], methods: [GET] } }
      pool: { kind: fixed_window, limit: 100, period: 1m, key: [], scope: node, tell: all }
`);
  const [one, two] = gateway?.limits ?? assert.fail('none');
  assert.deepEqual(one?.rule.key, ['address', { claim: 'org' }, { header: 'x-device' }]);
  assert.deepEqual([one?.rule.name, one?.rule.routes, one?.methods, one?.failedCost], ['per-address', ['notes'], ['GET'], 5]);
  assert.deepEqual(
    [two?.rule.scope, two?.rule.tell, two?.rule.routes, two?.methods, two?.failedCost],
    ['process', 'all', undefined, undefined, 0],
  );
  const adaptive = read(`
  origins: ["https://api.example"]
  upstreams: { notes: { targets: [{ url: "http://10.0.0.1:8080" }], adaptive: { min: 50 } } }
  routes: []
`);
  assert.deepEqual(adaptive?.upstreams[0]?.adaptive, { minLimit: 50, maxLimit: 1_000, initialLimit: 50 });
  assert.deepEqual(adaptive.limits, []);
});

test('times, retries and bounds are read as they are written, and what is left out is left to the gateway', () => {
  const gateway = read(`
  origins: ["https://api.example"]
  upstreams:
    notes:
      targets: [{ url: "http://10.0.0.1:8080" }]
      head_timeout: 5s
      connect_timeout: 1s
      streams: 50
      retries: { attempts: 1, statuses: [503], percent: 10 }
  max_streams_per_address: 7
  tls: { cert: a.pem, key: b.pem }
  routes:
    - { name: all, path: /, upstream: notes, token: none, timeouts: { whole: 30s, answer_idle: 0s } }
`);
  const { name, targets, ...upstream } = gateway?.upstreams[0] ?? assert.fail('no upstream');
  assert.deepEqual([name, targets.length], ['notes', 1]);
  const retries = { attempts: 1, statuses: [503], percent: 10, spare: undefined };
  const left = { connections: undefined, ca: undefined, checks: undefined, adaptive: undefined };
  assert.deepEqual(upstream, { ...left, headTimeoutSeconds: 5, connectTimeoutSeconds: 1, streams: 50, retries });
  const times = { bodyIdleSeconds: undefined, answerIdleSeconds: 0, stallSeconds: undefined, wholeSeconds: 30 };
  assert.deepEqual(gateway?.routes[0]?.timeouts, times);
  assert.deepEqual([gateway?.maxStreams, gateway?.maxStreamsPerAddress, gateway?.maxStreamsPerRoute], [undefined, 7, undefined]);
  assert.deepEqual(gateway?.tls, { cert: 'a.pem', key: 'b.pem', clientCertificates: 'off', clientCa: undefined });
});

test('sessions are read with what is usual where nothing is said, and secrets are never shown', () => {
  const gateway = read(`${BASE}
  secret: 0123456789abcdef0123456789abcdef
  former_secrets: [former-0123456789abcdef0123456789]
  session: { client_id: edge, client_secret: "\${SECRET}" }
  routes: []
`);
  assert.equal(gateway?.name, 'edge');
  assert.deepEqual(
    gateway.secrets.map((secret) => secret.reveal()),
    ['0123456789abcdef0123456789abcdef', 'former-0123456789abcdef0123456789'],
  );
  assert.doesNotMatch(JSON.stringify(gateway), /edge-secret|0123456789/);
  const { clientSecret, ...session } = gateway.session ?? assert.fail('no session');
  assert.equal(clientSecret?.reveal(), 'edge-secret');
  assert.deepEqual(session, {
    clientId: 'edge',
    privateKey: undefined,
    issuer: undefined,
    origin: undefined,
    keep: 'server',
    renewals: undefined,
    graceSeconds: 60,
    scope: 'openid profile',
    resource: undefined,
    sameSite: 'lax',
    idleSeconds: 86_400,
    absoluteSeconds: 2_592_000,
    claims: ['name', 'preferred_username', 'picture'],
    origins: [],
    crossSiteLogin: false,
  });
});

test('what cannot be is told with its place', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['  routes: []', /gateway\.origins.*missing/s],
    [`${BASE}  routes: [{ name: a, path: /, upstream: notes }]`, /routes\[0\]\.token/],
    [`${BASE}  routes: [{ name: a, path: a, upstream: notes, token: any }]`, /routes\[0\]\.path.*is no path/s],
    [`${BASE}  routes: [{ name: a, path: /, upstream: notes, token: all }]`, /not one of the allowed/],
    [`${BASE}  routes: [{ name: a, path: /, upstream: notes, token: any, scope: [x] }]`, /unknown key/],
    [`${BASE}  routes: [{ name: a, path: /, upstream: notes, token: any, scopes: { get: [x] } }]`, /is no name/],
    [`${BASE}  routes: []\n  limits: { rules: { A: { limit: 1, period: 1s, key: [] } } }`, /limits\.rules.*is no name/s],
    [
      `${BASE}  routes: []\n  limits: { rules: { a: { limit: 1, period: 1s, key: [account] } } }`,
      /key\[0\].*nothing that a rule counts by/s,
    ],
    [`${BASE}  routes: []\n  limits: { rules: { a: { limit: 1, period: 1s, key: [], match: { methods: [get] } } } }`, /is no method/],
    [
      `${BASE}  routes: []\n  limits: { rules: { a: { limit: 1, period: 1s, key: [], lease: { units: 9, for_ms: 50 } } } }`,
      /more than half/,
    ],
    [`${BASE}  session: { client_id: edge }\n  routes: []`, /session.*one of client_secret and private_key/s],
    [`${BASE}  session: { client_id: edge, client_secret: x, private_key: k.jwk }\n  routes: []`, /one of client_secret and private_key/],
    [`${BASE}  session: { client_id: edge, client_secret: x, scope: profile }\n  routes: []`, /lacks openid/],
    [`${BASE}  routes: [{ name: a, path: /, upstream: n, token: none, timeouts: { head: 1s } }]`, /unknown key/],
    [`${BASE}  session: { client_id: edge, client_secret: x, keep: cookie }\n  routes: []`, /session.*needs renewals/s],
    [`${BASE}  session: { client_id: edge, client_secret: x, renewals: memory }\n  routes: []`, /renewals is for keep: cookie/],
    [`${BASE}  secret: short\n  routes: []`, /gateway\.secret.*is too short/s],
    ['  origins: ["https://api.example/"]\n  upstreams: {}\n  routes: []', /is no origin/],
    ['  origins: ["https://api.example"]\n  upstreams: { n: { targets: [] } }\n  routes: []', /too few items/],
  ];
  for (const [text, message] of wrong)
    assert.throws(
      () => read(text),
      (error) => error instanceof ConfigError && message.test(error.message),
      text,
    );
});
