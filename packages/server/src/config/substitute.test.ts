import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromJson, type Json, toJson } from './node.ts';
import { ConfigError, Problems } from './problem.ts';
import { readConfig } from './read-config.ts';
import { substituteVariables } from './substitute.ts';

function fill(
  value: Json,
  env: Record<string, string> = {},
): { readonly value: Json; readonly problems: readonly string[]; readonly variables: readonly string[] } {
  const problems = new Problems();
  const { root, variables } = substituteVariables(fromJson(value, { file: 'f', line: 1, column: 1 }), env, problems);
  return { value: toJson(root), problems: problems.sorted().map(({ path, message }) => `${path}: ${message}`), variables: [...variables] };
}

test('variables are filled in, alone and inside longer text', () => {
  const env = { A: 'x', B_2: 'y', EMPTY: '' };
  assert.deepEqual(fill({ a: '${A}', b: ['<${A}-${B_2}>'], c: '${EMPTY}' }, env), {
    value: { a: 'x', b: ['<x-y>'], c: '' },
    problems: [],
    variables: ['A', 'B_2', 'EMPTY'],
  });
});

test('a default steps in for what is missing or empty', () => {
  assert.deepEqual(fill(['${A:-x}', '${A:-}', '${E:-y}', '${S:-z}', '${A:-a:-b{$c$$d}'], { E: '', S: 's' }).value, [
    'x',
    '',
    'y',
    's',
    'a:-b{$c$d',
  ]);
});

test('two dollar signs are one, and one before anything but a brace is itself', () => {
  assert.deepEqual(fill(['$$', '$${A}', '$$$$', '$argon2id$v=19$m=1', 'a$', '$A', '$$${A}'], { A: 'x' }).value, [
    '$',
    '${A}',
    '$$',
    '$argon2id$v=19$m=1',
    'a$',
    '$A',
    '$x',
  ]);
});

test('what a variable holds is not looked at again', () => {
  assert.deepEqual(fill('${A}', { A: '${B}$$' }), { value: '${B}$$', problems: [], variables: ['A'] });
});

test('keys, numbers and booleans are left alone', () => {
  assert.deepEqual(fill({ '${A}': 1, b: true, c: null }).value, { '${A}': 1, b: true, c: null });
});

test('a missing variable is a problem that names it, and is told once though used twice by alias', () => {
  assert.deepEqual(fill({ a: ['x${NOPE}y'] }).problems, ['a[0]: the environment variable NOPE is not set and has no default']);
  const text = 'users:\n  - &u { username: a, password: "${PW}" }\n  - *u\n';
  assert.throws(
    () => readConfig({ text, file: 'f', env: {} }),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.deepEqual(
        error.problems.map(({ line, column, message }) => `${line}:${column} ${message}`),
        ['2:20 is the same as users[0].username in line 2', '2:33 the environment variable PW is not set and has no default'],
      );
      return true;
    },
  );
});

test('what an object inherits is not a variable', () => {
  assert.deepEqual(fill('${constructor}').problems, [': the environment variable constructor is not set and has no default']);
});

test('a reference that is none is a problem', () => {
  for (const text of ['${', '${}', '${1A}', '${A', '${A:x}', '${A-x}', '${A:-${B}}', '${ A }']) {
    assert.deepEqual(fill(text, { A: 'x', B: 'y' }).problems.length, 1, text);
    assert.match(fill(text, { A: 'x', B: 'y' }).problems[0] ?? '', /starts a variable/, text);
  }
});

test('text of a variable becomes a number or a boolean where one is due, also in quotes, and only then', () => {
  const read = (text: string, env: Record<string, string>): ReturnType<typeof readConfig> => readConfig({ text, file: 'f', env });
  const env = { PORT: '8080', TTL: '30', YES: 'true', NAME: '007', AGE: '60' };
  assert.equal(read('listen: ${PORT}', env).listen.port, 8080);
  assert.equal(read('policies: { codes: { ttl: "${TTL}" } }', env).policies.codes.ttlSeconds, 30);
  const [user] = read(
    'users: [{ username: "${NAME}", password: x, claims: { email_verified: "${YES}", updated_at: "${TTL}" } }]',
    env,
  ).users;
  assert.equal(user?.username, '007');
  assert.deepEqual(user.claims, { email_verified: true, updated_at: 30 });
  const client = 'client_id: a, token_endpoint_auth_method: none, redirect_uris: ["https://a.example/"]';
  const [read1] = read(
    `clients: [{ ${client}, default_max_age: "\${AGE}", hufu: { first_party: "\${YES}", access_token_ttl: "\${TTL}" } }]`,
    env,
  ).clients;
  assert.equal(read1?.metadata['default_max_age'], 60);
  assert.deepEqual(read1.metadata['hufu'], { resource_server_of: [], first_party: true, access_token_ttl: 30, max_grants_per_user: 100 });
  assert.throws(() => read('policies: { codes: { ttl: "30" } }', {}), /is not a duration/);
});

test('the whole of what is filled in is bounded', () => {
  const { problems } = fill(
    Array.from({ length: 6 }, () => '${A}'),
    { A: 'x'.repeat(1024 * 1024) },
  );
  assert.deepEqual(problems, [
    '[4]: the values of the environment variables are larger than 4 MiB together',
    '[5]: the values of the environment variables are larger than 4 MiB together',
  ]);
});

test('any text survives when its dollar signs are doubled', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', 'A', ':-', 'x') }), (text) =>
      assert.equal(fill(text.replaceAll('$', '$$$$')).value, text),
    ),
  );
});
