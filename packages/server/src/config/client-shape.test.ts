import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLIENT_REGISTRIES, readClientMetadata } from '@hufu/protocol/client-metadata';
import { CLIENT_FIELDS } from './client-fields.ts';
import type { ClientConfig } from './config.ts';
import { schemaAt } from './free-json.ts';
import { ConfigError, type Problem } from './problem.ts';
import { readConfig } from './read-config.ts';

/** One client of a document whose other settings are `more`. */
function read(client: string, more = ''): { readonly client: ClientConfig | undefined; readonly warnings: readonly Problem[] } {
  const { clients, warnings } = readConfig({ text: `clients:\n  - ${client.replaceAll('\n', '\n    ')}\n${more}`, file: 'f', env: {} });
  return { client: clients[0], warnings };
}

function problemsOf(client: string, more = ''): readonly string[] {
  try {
    read(client, more);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);
  }
  return [];
}

const WEB = 'client_id: web\nredirect_uris: [https://a.example/cb]\ntoken_endpoint_auth_method: none';
const SERVICE = 'client_id: service\ngrant_types: [client_credentials]';

test('a client is registration metadata with its defaults filled in (RFC 7591 §2, OpenID Connect Registration §2)', () => {
  const { client } = read(`${WEB}\nclient_name: Web\nclient_name#zh-CN: 网\nhufu: { access_token_ttl: 5m }`);
  assert.equal(client?.clientId, 'web');
  assert.equal(client.clientSecret, undefined);
  const { metadata } = client;
  assert.equal(metadata['application_type'], 'web');
  assert.deepEqual(metadata['grant_types'], ['authorization_code']);
  assert.deepEqual(metadata['response_types'], ['code']);
  assert.equal(metadata['id_token_signed_response_alg'], 'RS256');
  assert.equal(metadata['client_name#zh-CN'], '网');
  assert.deepEqual(metadata['hufu'], { resource_server_of: [], first_party: false, access_token_ttl: 300, max_grants_per_user: 100 });
  assert.ok(!('client_id' in metadata) && !('client_secret' in metadata));
});

test('what is read can be read again as the store has it', () => {
  const { client } = read(`${WEB}\nhufu: { first_party: true, refresh_token: { idle: 30d } }`);
  const again = readClientMetadata(client?.metadata, { source: 'store' });
  assert.equal(again.kind, 'read');
});

test('an ID token algorithm that is not said is RS256 (OpenID Connect Registration §2), or the first where RS256 is not used', () => {
  const algOf = (signing: string): unknown => read(WEB, signing).client?.metadata['id_token_signed_response_alg'];
  assert.equal(algOf(''), 'RS256');
  assert.equal(algOf('signing: { algorithms: [ES256, RS256] }'), 'RS256');
  assert.equal(algOf('signing: { algorithms: [EdDSA, ES256] }'), 'EdDSA');
});

const BAD: readonly (readonly [string, string])[] = [
  ['grant_types: []\nclient_secret: x', '2:5 clients[0].client_id: is missing'],
  [`${SERVICE}\nclient_secret: x\nclient_id2: x`, '5:5 clients[0].client_id2: unknown key'],
  [
    'client_id: "a b"\nclient_secret: x\ngrant_types: [client_credentials]',
    '2:16 clients[0].client_id: holds a character that a client id cannot hold',
  ],
  ['client_id: 5\nclient_secret: x\ngrant_types: [client_credentials]', '2:16 clients[0].client_id: must be text: put it in quotes'],
  [SERVICE, '2:5 clients[0].client_secret: is needed: token_endpoint_auth_method is client_secret_basic'],
  [`${SERVICE}\nclient_secret: ""`, '4:20 clients[0].client_secret: is empty'],
  [`${SERVICE}\nclient_secret: 12345`, '4:20 clients[0].client_secret: must be text: put it in quotes'],
  [`${WEB}\nclient_secret: x`, '5:20 clients[0].client_secret: has no use: token_endpoint_auth_method is none'],
  [`${WEB}\ngrant_types: [authorisation_code]`, '5:19 clients[0].grant_types[0]: is not one of the allowed values'],
  [`${WEB}\nid_token_signed_response_alg: EdDSA`, '5:35 clients[0].id_token_signed_response_alg: is not among signing.algorithms'],
  [`${WEB}\nclient_name#: x`, '5:19 clients[0].client_name#: has no language tag after its # (BCP 47)'],
  [`${WEB}\ncontacts: ada`, '5:15 clients[0].contacts: is not a list'],
  [`${WEB}\nhufu: { profil: x }`, '5:13 clients[0].hufu.profil: unknown key'],
  [`${WEB}\nhufu: { refresh_token: { ttl: 5 } }`, '5:30 clients[0].hufu.refresh_token.ttl: unknown key'],
  [`${WEB}\nhufu: { access_token_ttl: 0 }`, '5:31 clients[0].hufu.access_token_ttl: is not from 1 to 16777215 seconds'],
  [
    `${WEB}\nhufu: { resource_server_of: [https://b.example] }`,
    '5:34 clients[0].hufu.resource_server_of[0]: is not a resource of this configuration',
  ],
  [`${WEB}\nclient_uri:`, '5:16 clients[0].client_uri: is not a text'],
];

for (const [client, expected] of BAD) {
  test(`refused: ${JSON.stringify(client)}`, () => assert.deepEqual(problemsOf(client), [expected]));
}

test('a secret that an algorithm is keyed with is long in every mode (RFC 7518 §3.2)', () => {
  const keyed = 'client_id: web\nredirect_uris: [https://a.example/cb]\nid_token_signed_response_alg: HS256\nclient_secret: ';
  assert.deepEqual(problemsOf(`${keyed}short-secret-0123456`, 'mode: test'), [
    '5:20 clients[0].client_secret: is shorter than 32 characters, and an algorithm is keyed with it',
  ]);
  assert.deepEqual(problemsOf(`${keyed}${'x'.repeat(32)}`, 'mode: test'), []);
  const service = 'client_id: s\ngrant_types: [client_credentials]\ntoken_endpoint_auth_method: client_secret_jwt\nclient_secret: short';
  assert.equal(problemsOf(service, 'mode: test').length, 1);
});

test('a value from a list tells what is allowed and what was probably meant', () => {
  assert.throws(() => read(`${WEB}\ngrant_types: [authorisation_code]`), {
    message: `f:5:19  clients[0].grant_types[0]: is not one of the allowed values\n    found: "authorisation_code"    allowed: ${Object.keys(CLIENT_REGISTRIES.grantTypes).join(', ')}    did you mean authorization_code?`,
  });
});

test('a resource server is of a resource that exists, or of this server itself', () => {
  const more = 'resources: [{ identifier: https://b.example }]';
  assert.deepEqual(problemsOf(`${WEB}\nhufu: { resource_server_of: [https://b.example, http://localhost:4400] }`, more), []);
  // An issuer that is wrong is one problem, not two.
  assert.deepEqual(problemsOf(`${WEB}\nhufu: { resource_server_of: [https://a.example/] }`, 'issuer: https://a.example/').length, 1);
});

test('a client id comes once', () => {
  const text =
    'clients:\n  - &a { client_id: a, client_secret: x, grant_types: [client_credentials] }\n  - { client_id: b, grant_types: [] }\n  - { client_id: a }\n';
  assert.throws(
    () => readConfig({ text, file: 'f', env: {} }),
    /f:4:18 {2}clients\[2\]\.client_id: is the same as clients\[0\]\.client_id in line 2/,
  );
});

test('a secret is printable ASCII (RFC 6749 appendix A.2), in mode production of 16 characters or more, and better of 32', () => {
  const production = 'issuer: https://a.example\nmode: production';
  const withSecret = (secret: string): string => `${SERVICE}\nclient_secret: ${secret}`;
  assert.deepEqual(problemsOf(withSecret('"é"')), ['4:20 clients[0].client_secret: holds a character other than printable ASCII']);
  assert.deepEqual(problemsOf(withSecret('x'.repeat(15)), production), ['4:20 clients[0].client_secret: is shorter than 16 characters']);
  assert.deepEqual(
    read(withSecret('x'.repeat(31)), production).warnings.map(({ path, message, found }) => [path, message, found]),
    [['clients[0].client_secret', 'is shorter than 32 characters', '[secret]']],
  );
  assert.deepEqual(read(withSecret('x'.repeat(32)), production).warnings, []);
  assert.equal(read(withSecret('x')).client?.clientSecret?.reveal(), 'x');
  assert.deepEqual(read(withSecret('x'), 'mode: test').warnings, []);
});

test('a value that is missing from the environment is not complained about twice', () => {
  assert.deepEqual(problemsOf('client_id: web\nredirect_uris: ["${NOPE}"]\ntoken_endpoint_auth_method: none'), [
    '3:21 clients[0].redirect_uris[0]: the environment variable NOPE is not set and has no default',
  ]);
});

/** The names that a reader asks an object for, by watching it ask. */
function watch(ask: (input: object) => void): readonly string[] {
  const asked = new Set<string>();
  ask(
    new Proxy(
      {},
      {
        getOwnPropertyDescriptor(_target, name) {
          asked.add(String(name));
          return undefined;
        },
      },
    ),
  );
  return [...asked].toSorted();
}

test('the schema names exactly the members that the protocol reads (RFC 7591 §2)', () => {
  const rules = { source: 'configuration' } as const;
  assert.deepEqual(
    watch((input) => readClientMetadata(input, rules)),
    Object.keys(CLIENT_FIELDS).toSorted(),
  );
  const properties = (path: readonly string[]): readonly string[] => {
    const schema = schemaAt(
      { properties: Object.fromEntries(Object.entries(CLIENT_FIELDS).map(([name, field]) => [name, field.schema])) },
      path,
    );
    return Object.keys(schema?.['properties'] ?? {}).toSorted();
  };
  assert.deepEqual(
    watch((hufu) => readClientMetadata({ hufu }, rules)),
    properties(['hufu']),
  );
  assert.deepEqual(
    watch((refresh_token) => readClientMetadata({ hufu: { refresh_token } }, rules)),
    properties(['hufu', 'refresh_token']),
  );
  assert.deepEqual(
    watch((jwks) => readClientMetadata({ jwks }, rules)),
    properties(['jwks']),
  );
});
