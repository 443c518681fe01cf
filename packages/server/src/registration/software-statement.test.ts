import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { after, test } from 'node:test';
import { openDocumentHost } from '../testing/documents.ts';
import { type Answer, GOOD_METADATA, registerAt, registrationYaml } from '../testing/registrations.ts';
import { openWorld, START } from '../testing/world.ts';

const [trusted, second, other] = [key(), key(), key()];
const host = await openDocumentHost();
const world = await openWorld({
  yaml: registrationYaml(
    `registration: open, brute_force: off, outbound: { allow_hosts: [127.0.0.1] }, software_statements: [${[
      { issuer: 'https://vouch.example', jwks: { keys: [jwkOf(trusted, 'k1'), jwkOf(second, undefined)] } },
      { issuer: 'https://remote.example', jwks_uri: `${host.origin}/jwks` },
    ]
      .map((issuer) => JSON.stringify(issuer))
      .join(', ')}]`,
  ),
});
after(async () => {
  await world.close();
  await host.close();
});

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

function key(): Pair {
  return generateKeyPairSync('ed25519');
}

function jwkOf({ publicKey }: Pair, kid: string | undefined): object {
  return { ...publicKey.export({ format: 'jwk' }), ...(kid === undefined ? {} : { kid }) };
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function statement(claims: object, by: Pair = trusted, header: object = { alg: 'EdDSA' }): string {
  const input = `${encode(header)}.${encode({ iss: 'https://vouch.example', ...claims })}`;
  return `${input}.${sign(null, Buffer.from(input), by.privateKey).toString('base64url')}`;
}

const present = (text: unknown, metadata: object = GOOD_METADATA): Promise<Answer> =>
  registerAt(world, { ...metadata, software_statement: text });

test('the claims of a statement take the place of what the request says (RFC 7591 §2.3, §3.1.1)', async () => {
  const text = statement({ software_id: 's-1', client_name: 'Vouched for', redirect_uris: ['https://vouched.example/cb'] });
  const { status, json } = await present(text, { ...GOOD_METADATA, contacts: ['a@new.example'] });
  assert.equal(status, 201);
  assert.deepEqual(
    [json['client_name'], json['redirect_uris'], json['software_id'], json['contacts'], json['software_statement']],
    ['Vouched for', ['https://vouched.example/cb'], 's-1', ['a@new.example'], text],
  );
  assert.equal('iss' in json, false);
});

test('a statement is signed by a key of its issuer, with or without kid (RFC 7591 §3.1.1)', async () => {
  assert.equal((await present(statement({}, trusted, { alg: 'EdDSA', kid: 'k1' }))).status, 201);
  assert.equal((await present(statement({}, second))).status, 201);
  assert.equal((await present(statement({}, second, { alg: 'EdDSA', kid: 'k1' }))).status, 400);
});

test('a statement that does not hold is invalid_software_statement (RFC 7591 §3.2.2, RFC 7519 §4.1, §4.1.4, §4.1.5, RFC 8725 §3.11, attacks REG-09)', async () => {
  const good = statement({ client_name: 'A' });
  const [header = '', payload = '', signature = ''] = good.split('.');
  const forged = `${header}.${encode({ iss: 'https://vouch.example', client_name: 'B' })}.${signature}`;
  const unsigned = `${encode({ alg: 'none' })}.${payload}.`;
  const bad: readonly unknown[] = [
    statement({}, other),
    forged,
    unsigned,
    statement({}, trusted, { alg: 'HS256' }),
    statement({ exp: START }),
    statement({ exp: 'never' }),
    statement({ nbf: START + 1 }),
    statement({}, trusted, { alg: 'EdDSA', crit: ['x'], x: 1 }),
    statement({}, trusted, { alg: 'EdDSA', typ: 'at+jwt' }),
    statement({}, trusted, { alg: 'EdDSA', kid: 7 }),
    statement({}, trusted, { alg: 'EdDSA', kid: 'k2' }),
    'x',
    5,
    good.slice(0, -2),
  ];
  for (const text of bad) {
    const reply = await present(text);
    assert.deepEqual([reply.status, reply.json['error']], [400, 'invalid_software_statement'], String(text));
    assert.equal((await world.why(reply)).failed, 'software_statement');
  }
  assert.equal((await present(statement({ exp: START + 1, nbf: START }))).status, 201);
});

test('nobody vouches for whom nobody trusts (RFC 7591 §3.2.2, attacks REG-09)', async () => {
  for (const iss of ['https://else.example', 'https://vouch.example/', 5, null]) {
    const { status, json } = await present(statement({ iss }, other));
    assert.deepEqual([status, json['error']], [400, 'unapproved_software_statement'], String(iss));
  }
});

test('what a statement says is judged like everything else (RFC 7591 §5, attacks REG-03)', async () => {
  assert.equal((await present(statement({ redirect_uris: ['javascript:alert(1)'] }))).json['error'], 'invalid_redirect_uri');
  assert.equal((await present(statement({ grant_types: ['client_credentials'] }))).json['error'], 'invalid_client_metadata');
  const { json } = await present(statement({ hufu: { first_party: true }, client_id: 'mine', client_secret: 'mine' }));
  assert.match(String(json['client_id']), /^client_/);
  assert.notEqual(json['client_secret'], 'mine');
});

test('keys behind a URL are asked for; while they cannot be had nothing is registered (RFC 7591 §2.3)', async () => {
  const text = statement({ iss: 'https://remote.example' }, other);
  assert.deepEqual([(await present(text)).status, (await present(text)).headers['retry-after']], [503, '60']);
  for (const body of [{ keys: 'none' }, [], { keys: [{ ...other.privateKey.export({ format: 'jwk' }) }] }]) {
    host.put('/jwks', { body });
    assert.equal((await present(text)).status, 503, JSON.stringify(body).slice(0, 40));
  }
  host.put('/jwks', { body: { keys: [null, 7, jwkOf(other, 'r1')] } });
  assert.equal((await present(text)).status, 201);
  host.put('/jwks', { body: { keys: [jwkOf(trusted, 'r1')] } });
  assert.equal((await present(text)).json['error'], 'invalid_software_statement');
});

test('where nobody is trusted, statements are not understood, and ignored (RFC 7591 §2.3)', async () => {
  const plain = await openWorld({ yaml: registrationYaml('registration: open') });
  const reply = await registerAt(plain, { ...GOOD_METADATA, software_statement: statement({ client_name: 'Vouched for' }) });
  assert.deepEqual([reply.status, reply.json['client_name'], reply.json['software_statement']], [201, 'Newcomer', undefined]);
  await plain.close();
});
