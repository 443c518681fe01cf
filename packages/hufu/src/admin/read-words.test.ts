import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { type OperationName, operationOf } from '@hufu/protocol/admin/operations';
import { UsageError } from '../command.ts';
import { type AdminWords, readAdminWords } from './read-words.ts';

const NOW = 1_800_000_000;

function read(name: OperationName, words: readonly string[], stdin = ''): Promise<AdminWords> {
  return readAdminWords(operationOf(name), words, { nowMs: () => NOW * 1000, stdin: Readable.from([Buffer.from(stdin)]) });
}

async function refused(name: OperationName, words: readonly string[], why: RegExp): Promise<void> {
  await assert.rejects(read(name, words), (error) => error instanceof UsageError && why.test(error.message));
}

test('what the path needs comes in its order, or by name; what the body needs after it', async () => {
  assert.deepEqual((await read('users.sessions.end', ['bob', 's1'])).params, { sub: 'bob', sid: 's1' });
  assert.deepEqual((await read('users.sessions.list', ['--user', 'bob'])).params, { sub: 'bob' });
  const put = await read('administrators.put', ['bob', 'owner']);
  assert.deepEqual([put.params, put.fields], [{ sub: 'bob' }, { role: 'owner' }]);
  assert.deepEqual((await read('keys.revoke', ['-abc_def', '--yes'])).params, { kid: '-abc_def' });
  await refused('users.sessions.end', ['bob'], /a sid \(hufu session list\) is needed/);
  await refused('users.get', ['bob', 'lee'], /lee is one word too many/);
});

test('filters are of the type that the table says, with times and durations as people say them', async () => {
  const { query } = await read('decisions.list', ['--since', '2h', '--until=2027-01-15T08:00:00Z', '--client', 'web', '--limit', '5']);
  assert.deepEqual(query, { since: NOW - 7_200, until: NOW, client_id: 'web', limit: 5 });
  assert.deepEqual((await read('clients.list', ['--no-enabled'])).query, { enabled: false });
  assert.deepEqual((await read('clients.list', ['--enabled', '--source', 'admin'])).query, { enabled: true, source: 'admin' });
  assert.deepEqual((await read('users.lock', ['bob', '--for', '12h'])).fields, { seconds: 43_200 });
  await refused('clients.list', ['--source', 'nowhere'], /--source is one of config, registered, document, admin/);
  await refused('decisions.list', ['--since', 'yesterday'], /--since is a time/);
  await refused('users.lock', ['bob', '--for', 'long'], /--for is a number/);
  await refused('clients.list', ['--sort', 'id'], /--sort is unknown here: there is --limit/);
  await refused('clients.list', ['-a'], /options have two hyphens/);
  await refused('clients.list', ['--prefix'], /--prefix needs a value/);
});

test('metadata and claims are members by their names: lists where the member is one, JSON where it looks like it', async () => {
  const { fields } = await read('clients.create', [
    '--redirect-uris',
    'https://a.example/',
    '--redirect_uris',
    'https://b.example/',
    '--default_max_age',
    '300',
    '--client_name#zh-CN',
    '虎记',
    'hufu.profile=oauth21',
    'hufu.refresh_token.idle:="30d"',
    'software_version=1',
    '--jwks',
    '{"keys":[]}',
  ]);
  assert.deepEqual(fields, {
    metadata: {
      redirect_uris: ['https://a.example/', 'https://b.example/'],
      default_max_age: 300,
      'client_name#zh-CN': '虎记',
      software_version: '1',
      jwks: { keys: [] },
      hufu: { profile: 'oauth21', refresh_token: { idle: '30d' } },
    },
  });
  assert.deepEqual((await read('users.create', ['lin', '--phone_number', '123', '--email_verified', 'true'])).fields, {
    username: 'lin',
    claims: { phone_number: '123', email_verified: true },
  });
  for (const path of ['a.__proto__.x', '__proto__']) await refused('clients.create', [`${path}=1`], /is no name of a member/);
  await refused('clients.create', ['a=1', 'a.b=1'], /what is no object/);
});

test('a token comes in where nobody else on the machine reads it', async () => {
  await refused('tokens.inspect', ['--token', 'x'], /--token-stdin/);
  await refused('tokens.inspect', ['x'], /--token-stdin/);
  await refused('tokens.inspect', ['--body', '{"token":"x"}'], /--token-stdin/);
  assert.deepEqual((await read('tokens.inspect', ['--body', '-'], '{"token":"x"}')).body, { token: 'x' });
  const { fields } = await read('tokens.inspect', ['--token-stdin', '--resource', 'https://api.example/'], 'eyJ\n');
  assert.deepEqual(fields, { token: 'eyJ', resource: 'https://api.example/' });
});

test('a password comes in where nobody else on the machine reads it', async () => {
  for (const words of [
    ['lin', '--password', 'x'],
    ['lin', 'password=x'],
    ['lin', 'password:="x"'],
    ['--body={"username":"lin","password":"x"}'],
  ])
    await refused('users.create', words, /--password-stdin/);
  assert.deepEqual((await read('users.create', ['lin', '--password-stdin'], 'long enough\n')).fields, {
    username: 'lin',
    password: 'long enough',
  });
  await assert.rejects(read('users.create', ['lin', '--password-stdin'], 'x'.repeat(1_048_577)), /more than/);
});

test('a body is whole: from a word, a file or the input, and beside nothing else', async () => {
  assert.deepEqual((await read('limits.put', ['token', '{"limit":1}'])).body, { limit: 1 });
  assert.deepEqual((await read('limits.put', ['token', '--body', '-'], '{"limit":2}')).body, { limit: 2 });
  await refused('limits.put', ['token', '{'], /body is not JSON/);
  await refused('clients.create', ['--body', '{}', '--client_name', 'x'], /--body stands alone/);
  await refused('clients.get', ['x', '--body', '{}'], /--body stands alone/);
  await refused('limits.put', ['token', '--file', '/nowhere/rule.json'], /cannot be read/);
});
