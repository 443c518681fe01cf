import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { Config } from './config.ts';
import { ConfigError, type Problem } from './problem.ts';
import { readConfig } from './read-config.ts';

function read(text: string, env: Record<string, string> = {}): Config {
  return readConfig({ text, file: 'hufu.yaml', env });
}

function problemsOf(text: string, env: Record<string, string> = {}): readonly Problem[] {
  try {
    read(text, env);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
  return [];
}

const USER = 'users: [{ username: ada, password: correct horse }]';

test('an empty document is all defaults', () => {
  assert.deepEqual(read(''), {
    file: 'hufu.yaml',
    mode: 'development',
    issuer: 'http://localhost:4400',
    listen: { host: '127.0.0.1', port: 4400 },
    tls: undefined,
    trustedProxies: [],
    dataDir: './data',
    database: { kind: 'sqlite', path: './data/hufu.db' },
    signing: { algorithms: ['ES256', 'RS256'], rotateEverySeconds: 90 * 86_400 },
    clients: [],
    users: [],
    resources: [],
    limits: { builtin: new Map(), rules: [], nodes: 1 },
    redis: undefined,
    policies: {
      registration: 'off',
      clientIdDocuments: 'off',
      softwareStatements: [],
      authorizationDetails: [],
      trustedIssuers: [],
      trustedAttesters: [],
      registeredClients: { max: 10_000, unusedSeconds: 90 * 86_400, profile: undefined },
      signUp: 'off',
      signUpVerification: 'off',
      signIn: { methods: ['password', 'passkey'], secondFactor: 'optional', trustedDeviceSeconds: 30 * 86_400 },
      passwords: { minLength: 15, onChange: 'all' },
      profile: {
        editable: ['name', 'given_name', 'family_name', 'nickname', 'email', 'birthdate', 'website', 'zoneinfo', 'locale'],
      },
      botCheck: undefined,
      bruteForce: 'on',
      administrators: new Map(),
      outboundAllowHosts: [],
      forwardedCertificates: undefined,
      devices: { limit: undefined, binding: 'none', onMismatch: 'step_up' },
      places: { kind: 'none' },
      sessions: { absoluteSeconds: 14 * 86_400 },
      codes: { ttlSeconds: 60 },
      appearance: { note: {}, mails: {} },
      refreshTokens: { absoluteSeconds: 365 * 86_400, idleSeconds: 180 * 86_400, overlapSeconds: 60 },
    },
    writtenPolicies: [],
    mail: undefined,
    gateway: undefined,
    console: true,
    upstreams: [],
    warnings: [],
  });
  assert.deepEqual(read('# nothing but this\n'), read(''));
  assert.deepEqual(read('{}'), read(''));
});

/** The same file as JSON has other lines. */
function withoutLines(config: Config): unknown {
  return { ...config, writtenPolicies: config.writtenPolicies.map(({ path, value }) => [path, value]) };
}

const STATEMENT_KEY = {
  kty: 'OKP',
  kid: 'k1',
  alg: 'EdDSA',
  crv: 'Ed25519',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
};

test('documents describe clients where registration is open, unless that is said otherwise', () => {
  const policy = (text: string): string => read(`policies: { ${text} }`).policies.clientIdDocuments;
  assert.deepEqual(['registration: open', 'registration: token', ''].map(policy), ['on', 'off', 'off']);
  assert.equal(policy('registration: open, client_id_metadata_documents: off'), 'off');
  assert.equal(policy('client_id_metadata_documents: on'), 'on');
});

test('every key is read, in YAML and in JSON alike', () => {
  const document = {
    $schema: './hufu.schema.json',
    issuer: 'https://as.example.com',
    listen: ':8443',
    data_dir: '/var/lib/hufu',
    database: 'sqlite:/var/lib/hufu/own.db',
    mode: 'test',
    tls: { cert: 'a.pem', key: 'b.pem', client_certificates: 'optional', client_ca: 'c.pem' },
    trusted_proxies: ['10.0.0.0/8', '::1'],
    mail: { from: 'a@example.com', host: 'mail.example', tls: 'implicit' },
    signing: { algorithms: ['EdDSA', 'ES256'], rotate_every: '12h' },
    clients: [{ client_id: 'm', client_secret: 'x', grant_types: ['client_credentials'], hufu: { access_token_ttl: '90s' } }],
    users: [{ username: 'ada', password: 'x', claims: { sub: 'user-1', email: 'a@example.com', address: { country: 'NO' } } }],
    resources: [{ identifier: 'urn:example:api', scopes: ['read'], token_format: 'opaque', signing_alg: 'EdDSA', token_ttl: 30 }],
    limits: 'off',
    policies: {
      registration: 'token',
      administrators: { Ada: 'owner' },
      client_id_metadata_documents: 'on',
      software_statements: [
        { issuer: 'https://vouch.example', jwks_uri: 'https://vouch.example/jwks' },
        { issuer: 'other', jwks: { keys: [STATEMENT_KEY] } },
      ],
      authorization_details: [
        {
          type: 'payment',
          description: { en: 'Pay', 'zh-CN': '付款' },
          fields: [
            { name: 'amount', kind: 'object', required: true, fields: [{ name: 'currency', values: ['EUR'], max: 3 }] },
            { name: 'instant', label: { en: 'At once' }, kind: 'flag' },
          ],
        },
      ],
      trusted_issuers: [
        {
          issuer: 'https://idp.example',
          accepts: ['jwt-bearer', 'id-jag'],
          jwks_uri: 'https://idp.example/jwks',
          subject: 'username',
          subject_claim: 'email',
          clients: ['web'],
          scopes: ['read'],
        },
      ],
      trusted_attesters: [{ issuer: 'maker', jwks_uri: 'https://maker.example/jwks', clients: ['wallet'] }],
      registered_clients: { max: 5, unused: '1d', profile: 'mcp' },
      outbound: { allow_hosts: ['Internal.Example', '10.1.0.0/16', '[fd00::1]'] },
      sign_up: 'open',
      sign_up_verification: 'required',
      sign_in: { methods: ['password', 'email'], second_factor: 'new_device', trusted_device: '7d' },
      passwords: { min_length: 8, on_change: 'others' },
      profile: { editable: ['name'] },
      bot_check: { kind: 'proof_of_work', bits: 16 },
      brute_force: 'off',
      devices: { max: 2, per: 'type', on_exceed: 'refuse', binding: 'fingerprint', on_mismatch: 'deny' },
      places: { header: 'CF-IPCountry' },
      sessions: { absolute: '1d' },
      codes: { ttl: 30 },
      refresh_tokens: { absolute: '30d', idle: '7d', overlap: 0 },
    },
  };
  const config = read(JSON.stringify(document));
  assert.deepEqual(withoutLines(config), withoutLines(read(stringify(document))));
  assert.deepEqual(
    { ...config, clients: undefined, users: undefined, writtenPolicies: [] },
    {
      file: 'hufu.yaml',
      gateway: undefined,
      console: true,
      mode: 'test',
      issuer: 'https://as.example.com',
      listen: { host: undefined, port: 8443 },
      tls: { cert: 'a.pem', key: 'b.pem', clientCertificates: 'optional', clientCa: 'c.pem' },
      trustedProxies: [
        { address: '10.0.0.0', prefixLength: 8, family: 'ipv4' },
        { address: '::1', prefixLength: 128, family: 'ipv6' },
      ],
      dataDir: '/var/lib/hufu',
      database: { kind: 'sqlite', path: '/var/lib/hufu/own.db' },
      signing: { algorithms: ['EdDSA', 'ES256'], rotateEverySeconds: 43_200 },
      clients: undefined,
      users: undefined,
      resources: [{ identifier: 'urn:example:api', scopes: ['read'], tokenFormat: 'opaque', signingAlg: 'EdDSA', tokenTtlSeconds: 30 }],
      limits: 'off',
      redis: undefined,
      policies: {
        registration: 'token',
        clientIdDocuments: 'on',
        softwareStatements: [
          { issuer: 'https://vouch.example', keys: { kind: 'jwks_uri', uri: 'https://vouch.example/jwks' } },
          { issuer: 'other', keys: { kind: 'jwks', jwks: { keys: [STATEMENT_KEY] } } },
        ],
        authorizationDetails: [
          {
            type: 'payment',
            description: { untagged: 'Pay', tagged: [['zh-CN', '付款']] },
            fields: [
              {
                name: 'amount',
                label: undefined,
                required: true,
                value: {
                  kind: 'object',
                  fields: [{ name: 'currency', label: undefined, required: false, value: { kind: 'text', allowed: ['EUR'], max: 3 } }],
                },
              },
              { name: 'instant', label: { untagged: 'At once', tagged: [] }, required: false, value: { kind: 'flag' } },
            ],
          },
        ],
        trustedIssuers: [
          {
            issuer: 'https://idp.example',
            accepts: ['jwt-bearer', 'id-jag'],
            jwks: undefined,
            jwksUri: 'https://idp.example/jwks',
            certificates: [],
            subject: 'username',
            subjectClaim: 'email',
            clients: ['web'],
            scopes: ['read'],
          },
        ],
        trustedAttesters: [{ issuer: 'maker', jwks: undefined, jwksUri: 'https://maker.example/jwks', clients: ['wallet'] }],
        registeredClients: { max: 5, unusedSeconds: 86_400, profile: 'mcp' },
        signUp: 'open',
        signUpVerification: 'required',
        signIn: { methods: ['password', 'email'], secondFactor: 'new_device', trustedDeviceSeconds: 7 * 86_400 },
        passwords: { minLength: 8, onChange: 'others' },
        profile: { editable: ['name'] },
        botCheck: { kind: 'proof_of_work', bits: 16 },
        bruteForce: 'off',
        administrators: new Map([['ada', 'owner']]),
        outboundAllowHosts: [
          { kind: 'host', host: 'internal.example' },
          { kind: 'network', network: { address: '10.1.0.0', prefixLength: 16, family: 'ipv4' } },
          { kind: 'network', network: { address: 'fd00::1', prefixLength: 128, family: 'ipv6' } },
        ],
        forwardedCertificates: undefined,
        devices: { limit: { max: 2, per: 'type', onExceed: 'refuse' }, binding: 'fingerprint', onMismatch: 'deny' },
        places: { kind: 'header', header: 'cf-ipcountry' },
        sessions: { absoluteSeconds: 86_400 },
        codes: { ttlSeconds: 30 },
        appearance: { note: {}, mails: {} },
        refreshTokens: { absoluteSeconds: 30 * 86_400, idleSeconds: 7 * 86_400, overlapSeconds: 0 },
      },
      writtenPolicies: [],
      mail: {
        from: { name: '', address: 'a@example.com' },
        replyTo: undefined,
        host: 'mail.example',
        port: 465,
        tls: 'implicit',
        login: undefined,
        ca: undefined,
      },
      upstreams: [],
      warnings: [],
    },
  );
});

/** What is written, and line, column, path and message of the one problem. */
const BAD: readonly (readonly [string, string])[] = [
  // what is not known
  ['listn: 4400', '1:1 listn: unknown key'],
  ['policies:\n  sesions: {}', '2:3 policies.sesions: unknown key'],
  ['test_clock: 2030-01-01', '1:1 test_clock: unknown key'],
  ['"a b": 1', '1:1 ["a b"]: unknown key'],
  ['__proto__: {}', '1:1 __proto__: unknown key'],
  // kinds
  ['- a', '1:1 : must be a mapping'],
  ['hello', '1:1 : must be a mapping'],
  ['clients: {}', '1:10 clients: must be a list'],
  ['clients:', '1:9 clients: must be a list'],
  ['signing: ES256', '1:10 signing: must be a mapping'],
  ['mode: true', '1:7 mode: is not one of the allowed values'],
  ['data_dir: 5', '1:11 data_dir: must be text: put it in quotes'],
  ['data_dir: ""', '1:11 data_dir: is empty'],
  ['data_dir:', '1:10 data_dir: must be text'],
  // values
  ['issuer: http://as.example.com', '1:9 issuer: is not an https URI'],
  ['listen: localhost', '1:9 listen: must end in a port'],
  ['listen: 70000', '1:9 listen: must have a port of 0 to 65535'],
  ['database: mysql://localhost/x', '1:11 database: must name SQLite or PostgreSQL, not "mysql"'],
  ['trusted_proxies: [10.0.0.0/33]', '1:19 trusted_proxies[0]: must have a prefix length of 0 to 32'],
  ['signing: { algorithms: [] }', '1:24 signing.algorithms: has too few items'],
  ['signing: { algorithms: [HS256] }', '1:25 signing.algorithms[0]: is not one of the allowed values'],
  ['signing: { algorithms: [ES256, ES256] }', '1:32 signing.algorithms[1]: is the same as signing.algorithms[0] in line 1'],
  [
    'signing: { algorithms: [HS256] }\nresources: [{ identifier: "urn:a:a", signing_alg: ES256 }]',
    '1:25 signing.algorithms[0]: is not one of the allowed values',
  ],
  [`trusted_proxies: [${'::, '.repeat(1001)}]`, '1:18 trusted_proxies: has too many items'],
  ['signing: { rotate_every: 90 days }', '1:26 signing.rotate_every: is not a duration'],
  ['signing: { rotate_every: 59s }', '1:26 signing.rotate_every: is too short'],
  ['policies: { sign_up: on }', '1:22 policies.sign_up: is not one of the allowed values'],
  ['policies: { passwords: { min_length: 7 } }', '1:38 policies.passwords.min_length: must be a whole number'],
  ['policies: { codes: { ttl: 61 } }', '1:27 policies.codes.ttl: is too long'],
  ['policies: { refresh_tokens: { overlap: -1 } }', '1:40 policies.refresh_tokens.overlap: is not a duration'],
  [
    'policies: { outbound: { allow_hosts: ["http://x"] } }',
    '1:39 policies.outbound.allow_hosts[0]: must be a host name (without scheme and port), a network or an address',
  ],
  ['issuer: https://a.example\ntls: { cert: a }', '2:6 tls.key: is missing'],
  ['policies: { authorization_details: [{ type: a }] }', '1:37 policies.authorization_details[0].description: is missing'],
  [
    'policies: { authorization_details: [{ type: a, description: { en: A }, fields: [{ name: locations }] }] }',
    '1:89 policies.authorization_details[0].fields[0].name: is not a name that a member may have',
  ],
  [
    'policies: { authorization_details: [{ type: a, description: { en: A }, fields: [{ name: b, kind: object }] }] }',
    '1:81 policies.authorization_details[0].fields[0]: needs fields: its kind is object',
  ],
  [
    'policies: { authorization_details: [{ type: a, description: { en: "\u202e" } }] }',
    '1:67 policies.authorization_details[0].description.en: has a control, direction or invisible character',
  ],
  ['policies: { registration: opne }', '1:27 policies.registration: is not one of the allowed values'],
  ['policies: { software_statements: [{ issuer: a }] }', '1:35 policies.software_statements[0]: needs one of jwks and jwks_uri'],
  ['policies: { software_statements: [{ issuer: a, jwks: { keys: [] } }] }', '1:62 policies.software_statements[0].jwks.keys: has no key'],
  [
    'policies: { software_statements: [{ issuer: a, jwks_uri: http://a.example }] }',
    '1:58 policies.software_statements[0].jwks_uri: is not an https URI',
  ],
  // what is not there yet
  ['tenants: []', '1:1 tenants: is not supported by this version yet'],
  // Redis and limits
  ['redis: localhost:6379', '1:8 redis: must begin with redis:// or rediss://'],
  ['redis: redis://localhost/cache', '1:8 redis: must end with the number of a database, if with any'],
  ['limits: { rules: [] }', '1:18 limits.rules: must be a mapping'],
  ['limits: on', '1:9 limits: is not one of the allowed values'],
  ['limits: { builtin: { sign-ins: {} } }', '1:22 limits.builtin.sign-ins: unknown key'],
  [
    'limits: { builtin: { sign-up: { limit: 5, period: 1s, burst: 300 } } }',
    '1:31 limits.builtin.sign-up: must be a quarter to four times the usual rate, 1 in 1s',
  ],
  [
    'limits: { builtin: { sign-up: { limit: 1, period: 5s, burst: 300 } } }',
    '1:31 limits.builtin.sign-up: must be a quarter to four times the usual rate, 1 in 1s',
  ],
  [
    'limits: { builtin: { sign-up: { limit: 1, period: 4s, burst: 1201 } } }',
    '1:31 limits.builtin.sign-up: must have a burst of 75 to 1200',
  ],
  ['limits: { rules: { Up: { key: [], limit: 1, period: 1s } } }', '1:20 limits.rules.Up: is no name'],
  [
    'limits: { rules: { sign-up: { key: [], limit: 1, period: 1s } } }',
    '1:20 limits.rules.sign-up: is one of the server’s own limits: it stands in builtin',
  ],
  ['limits: { rules: { a: { limit: 1, period: 1s } } }', '1:23 limits.rules.a.key: is missing'],
  ['limits: { rules: { a: { kind: gcar, key: [] } } }', '1:31 limits.rules.a.kind: is not one of the allowed values'],
  ['limits: { rules: { a: { key: [user], limit: 1, period: 1s } } }', '1:31 limits.rules.a.key[0]: is nothing that a rule counts by'],
  [
    'limits: { rules: { a: { key: [], limit: 1, period: 1s, match: { routes: [/oauth/tokne] } } } }',
    '1:74 limits.rules.a.match.routes[0]: is not one of the allowed values',
  ],
  [
    'limits: { rules: { a: { key: [client], limit: 1, period: 1s, match: { routes: [/oauth/jwks] } } } }',
    '1:23 limits.rules.a.match.routes[0]: never knows the client, which the rule is about',
  ],
  [
    'limits: { rules: { a: { key: [address], limit: 7, period: 366d, burst: 1000000000 } } }',
    '1:23 limits.rules.a: burst is too large for so long a period',
  ],
  [
    'limits: { rules: { a: { kind: quota, key: [], limit: 7, period: day, zone: Mars/Base } } }',
    '1:23 limits.rules.a: zone is not the name of a time zone',
  ],
  [
    'limits: { nodes: 3, rules: { a: { key: [], limit: 10, period: 1m, lease: { units: 2, for_ms: 100 } } } }',
    '1:74 limits.rules.a.lease: 3 processes with leases of 2 hold more than half of the limit',
  ],
  ['limits: { rules: { a: { kind: warm_up, key: [], limit: 10, period: 1m } } }', '1:23 limits.rules.a.warm_up: is missing'],
  [
    'limits: { rules: { a: { key: [], limit: 10, period: 1m, lease: { units: 6, for_ms: 100 } } } }',
    '1:64 limits.rules.a.lease: 1 processes with leases of 6 hold more than half of the limit',
  ],
  [
    'limits: { rules: { a: { key: [], limit: 100, period: 1m, lease: { units: 6, for_ms: 100 }, sync: { every_ms: 100 } } } }',
    '1:98 limits.rules.a.sync: lease and sync exclude each other',
  ],
  [
    'limits: { rules: { a: { kind: sliding_log, key: [], limit: 100, period: 1m, lease: { units: 6, for_ms: 100 } } } }',
    '1:84 limits.rules.a.lease: sliding_log cannot be leased',
  ],
  [
    'limits: { rules: { a: { kind: token_bucket, key: [], capacity: 9, interval: 1s, sync: { every_ms: 100 } } } }',
    '1:87 limits.rules.a.sync: token_bucket cannot be told later',
  ],
  [
    'limits: { rules: { a: { key: [], limit: 1, period: 366d, burst: 100000, share: 1 } } }',
    '1:23 limits.rules.a: burst is too large for so long a period',
  ],
  [
    [
      'limits:',
      '  rules:',
      '    a: { kind: leaky_bucket, key: [], limit: 1, period: 1s, max_queue_ms: 10 }',
      '    b: { kind: leaky_bucket, key: [], limit: 1, period: 1s, max_queue_ms: 10, match: { routes: [/oauth/jwks] } }',
    ].join('\n'),
    '4:16 limits.rules.b.kind: the rules a and b would both delay one request',
  ],
  // what the mode forbids
  ['limits: off', '1:9 limits: is accepted in mode test alone, and the mode is development'],
  ['policies: { brute_force: off }', '1:26 policies.brute_force: is accepted in mode test alone, and the mode is development'],
  ['issuer: https://a.example\nlimits: off', '2:9 limits: is accepted in mode test alone, and the mode is production'],
  ['mode: production', '1:7 issuer: is required in mode production'],
  [
    'mode: production\nissuer: https://a.example\ndatabase: "sqlite::memory:"',
    '3:11 database: would forget everything at the end, which is not for mode production',
  ],
  // what contradicts something else
  ['tls: { cert: a, key: b }', '1:6 issuer: must be https where tls is configured'],
  ['issuer: http://localhost\ntls: { cert: a, key: b }', '1:9 issuer: must be https where tls is configured'],
  [
    'issuer: https://a.example\ntls: { cert: a, key: b, client_ca: c }',
    '2:36 tls.client_ca: has no effect without client_certificates: optional',
  ],
];

for (const [text, expected] of BAD) {
  test(`refused: ${JSON.stringify(text.slice(0, 100))}`, () => {
    assert.deepEqual(
      problemsOf(text).map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`),
      [expected],
    );
  });
}

test('all problems are told at once, in the order of the lines', () => {
  const text = [
    'tenants: []',
    'mode: tset',
    'resources: [{ scopes: ["a b"] }]',
    'issuer: ftp://x',
    'users: [{ username: a }]',
    'listen: x',
  ].join('\n');
  assert.deepEqual(
    problemsOf(text).map(({ line, path }) => `${line} ${path}`),
    ['1 tenants', '2 mode', '3 resources[0].identifier', '3 resources[0].scopes[0]', '4 issuer', '5 users[0].password', '6 listen'],
  );
});

test('an unknown key shows what was found, what is allowed, and what was probably meant', () => {
  const text = `issuer: https://a.example\nclients:\n  - client_id: web\n    grant_type: [authorization_code]\n    redirect_uris: [https://a.example/cb]\n    token_endpoint_auth_method: none\n`;
  const [problem, ...others] = problemsOf(text);
  assert.deepEqual(others, []);
  assert.equal(problem?.file, 'hufu.yaml');
  assert.equal(problem?.line, 4);
  assert.equal(problem?.column, 5);
  assert.equal(problem?.path, 'clients[0].grant_type');
  assert.equal(problem?.found, 'grant_type');
  assert.equal(problem?.suggestion, 'grant_types');
  assert.ok(problem?.allowed.includes('client_id') && problem.allowed.includes('grant_types') && problem.allowed.includes('hufu'));
  assert.throws(
    () => read(text),
    /^ConfigError: hufu\.yaml:4:5 {2}clients\[0\]\.grant_type: unknown key\n {4}found: grant_type {4}allowed: grant_types, .*, … {4}did you mean grant_types\?$/,
  );
});

test('the mode follows from the issuer where it is not said: http on this machine is development, everything else production', () => {
  assert.equal(read('issuer: http://127.0.0.1:9000').mode, 'development');
  assert.equal(read('issuer: https://a.example').mode, 'production');
  assert.equal(read('issuer: https://localhost').mode, 'production');
  assert.equal(read('mode: test').mode, 'test');
  assert.equal(read('issuer: http://localhost\nmode: production').mode, 'production');
});

test('it listens on the port of an issuer on this machine, and on 4400 of loopback otherwise', () => {
  const listenOf = (issuer: string): unknown => read(`issuer: ${issuer}`).listen;
  assert.deepEqual(listenOf('http://localhost:9000'), { host: '127.0.0.1', port: 9000 });
  assert.deepEqual(listenOf('"http://[::1]:9000"'), { host: '::1', port: 9000 });
  assert.deepEqual(listenOf('http://127.0.0.1'), { host: '127.0.0.1', port: 80 });
  assert.deepEqual(listenOf('https://localhost'), { host: '127.0.0.1', port: 443 });
  assert.deepEqual(listenOf('https://a.example:9000'), { host: '127.0.0.1', port: 4400 });
});

test('the database is in the data directory where nothing else is said', () => {
  assert.deepEqual(read('data_dir: /srv/x/').database, { kind: 'sqlite', path: '/srv/x/hufu.db' });
  assert.deepEqual(read('data_dir: /').database, { kind: 'sqlite', path: '/hufu.db' });
});

test('the test mode accepts what only tests may do', () => {
  const config = read('mode: test\nlimits: off\npolicies: { brute_force: off }');
  assert.equal(config.limits, 'off');
  assert.equal(config.policies.bruteForce, 'off');
});

test('a resource is signed with ES256, or with the first algorithm where ES256 is not used', () => {
  const signingAlgOf = (signing: string): unknown => read(`resources: [{ identifier: "urn:x:y" }]\n${signing}`).resources[0]?.signingAlg;
  assert.equal(signingAlgOf(''), 'ES256');
  assert.equal(signingAlgOf('signing: { algorithms: [RS256, ES256] }'), 'ES256');
  assert.equal(signingAlgOf('signing: { algorithms: [RS256, EdDSA] }'), 'RS256');
});

test('a proxy list that trusts everybody is warned about', () => {
  const [warning] = read('trusted_proxies: [10.0.0.0/8, 0.0.0.0/0]').warnings;
  assert.equal(`${warning?.line}:${warning?.column} ${warning?.path}`, '1:31 trusted_proxies[1]');
});

test('a file that tls names is asked about, and the answer is the message', () => {
  const text = 'issuer: https://a.example\ntls:\n  cert: a.pem\n  key: b.pem\n';
  const asked: string[] = [];
  const checkFile = (path: string): string | undefined => {
    asked.push(path);
    return path === 'b.pem' ? 'does not exist' : undefined;
  };
  assert.throws(() => readConfig({ text, file: 'f', env: {}, checkFile }), {
    name: 'ConfigError',
    message: 'f:4:8  tls.key: does not exist\n    found: "b.pem"',
  });
  assert.deepEqual(asked, ['a.pem', 'b.pem']);
});

test('any document is either a configuration or a list of problems with places inside it', () => {
  const key = fc.oneof(
    fc.constantFrom(
      'issuer',
      'mode',
      'clients',
      'users',
      'resources',
      'signing',
      'policies',
      'tls',
      'limits',
      'client_id',
      'hufu',
      'claims',
    ),
    fc.string(),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom('test', '${A}', '${A:-1}', '$$', 'ES256'),
      fc.string(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      tie('list'),
      tie('map'),
    ),
    list: fc.array(tie('value'), { maxLength: 4 }),
    map: fc.dictionary(key, tie('value'), { maxKeys: 6 }),
  }));
  const check = (text: string): void => {
    const lines = text.split('\n').length;
    for (const problem of problemsOf(text))
      assert.ok(problem.line >= 1 && problem.line <= lines && problem.column >= 1, JSON.stringify(problem));
  };
  fc.assert(
    fc.property(value, (document) => check(JSON.stringify(document))),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(value, (document) => check(stringify(document))),
    { numRuns: 300 },
  );
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), check), { numRuns: 500 });
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom(...'a: \n-[]{},&*!|>\'"%@#?$\t'), maxLength: 40 }), check), { numRuns: 1000 });
});

test('a document reads the same as JSON and as YAML', () => {
  const seconds = fc.oneof(
    fc.integer({ min: 60, max: 86_400 }),
    fc.integer({ min: 1, max: 20 }).map((hours) => `${hours}h`),
  );
  const document = fc.record(
    {
      issuer: fc.constantFrom('http://localhost:1', 'https://a.example'),
      listen: fc.oneof(fc.integer({ min: 0, max: 65_535 }), fc.constantFrom(':1', '[::1]:2', 'a:3')),
      mode: fc.constantFrom('test', 'development'),
      signing: fc.record(
        { algorithms: fc.uniqueArray(fc.constantFrom('ES256', 'RS256', 'EdDSA'), { minLength: 1 }), rotate_every: seconds },
        { requiredKeys: [] },
      ),
      resources: fc.uniqueArray(
        fc.record(
          { identifier: fc.webUrl(), token_ttl: seconds, token_format: fc.constantFrom('jwt', 'opaque') },
          { requiredKeys: ['identifier'] },
        ),
        { selector: (resource) => resource.identifier, maxLength: 3 },
      ),
      users: fc.uniqueArray(
        fc.record({
          username: fc.stringMatching(/^[a-z]{1,9}$/),
          password: fc.string({ minLength: 1 }).map((text) => text.replaceAll('$', '$$$$')),
        }),
        {
          selector: (user) => user.username,
          maxLength: 3,
        },
      ),
      policies: fc.record({ sessions: fc.record({ absolute: seconds }) }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(document, (value) => {
      const [json, yaml] = [read(JSON.stringify(value)), read(stringify(value))];
      assert.deepEqual(withoutLines(json), withoutLines(yaml));
      const passwords = (config: Config): unknown[] =>
        config.users.map(({ password }) => (password.kind === 'plain' ? password.value.reveal() : undefined));
      assert.deepEqual(
        passwords(json),
        (value.users ?? []).map((user) => user.password.replaceAll('$$', '$')),
      );
      assert.deepEqual(passwords(json), passwords(yaml));
    }),
    { numRuns: 200 },
  );
});

test('a user of the document is there, with the password wrapped', () => {
  const [user] = read(USER).users;
  assert.equal(user?.username, 'ada');
  assert.equal(user.sub, undefined);
  assert.deepEqual(user.claims, {});
  assert.equal(user.password.kind === 'plain' && user.password.value.reveal(), 'correct horse');
});

test('the authorities of tls_client_auth (RFC 8705 §2.1) are named where certificates are asked for, and only there', () => {
  const tlsOf = (more: string): unknown => read(`issuer: https://a.example\ntls: { cert: a, key: b${more} }`).tls;
  assert.deepEqual(tlsOf(''), { cert: 'a', key: 'b', clientCertificates: 'off', clientCa: undefined });
  assert.deepEqual(tlsOf(', client_certificates: optional'), { cert: 'a', key: 'b', clientCertificates: 'optional', clientCa: undefined });
  assert.deepEqual(tlsOf(', client_certificates: optional, client_ca: c'), {
    cert: 'a',
    key: 'b',
    clientCertificates: 'optional',
    clientCa: 'c',
  });
  assert.throws(() => tlsOf(', client_certificates: off, client_ca: c'), /tls\.client_ca: has no effect/);
});

test('there is a console unless the document says otherwise, and its client is nobody else’s', () => {
  assert.equal(read('').console, true);
  assert.equal(read('console: false').console, false);
  const taken = "clients: [{ client_id: hufu-console, redirect_uris: ['https://a.example/cb'], token_endpoint_auth_method: none }]";
  assert.throws(() => read(taken), /clients\[0\]\.client_id: is the console’s, which is built in/);
});
