/** What `hufu curl` prints, typed into a real bash with a real curl. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { createClient } from '@hufu/client/client';
import { type FlowChoice, type FlowName, type FlowStep, flowRequests } from '@hufu/client/flow-requests';
import type { ServerMetadata } from '@hufu/client/server-metadata';
import fc from 'fast-check';
import { Agent } from '../support/agent.ts';
import { BANK, DEVICE_CLIENTS } from '../support/devices.ts';
import { BASIC_YAML, RESOURCE, startHufu, type TestHufu, USER } from '../support/hufu.ts';

const SECRET = 'exact-curl-secret-0123456789abcdef01234';
const ODD = 'it\'s $HOME `id` \\ "x"';
const CLIENTS = `
  - client_id: worker
    client_secret: ${SECRET}
    grant_types: [client_credentials, 'urn:ietf:params:oauth:grant-type:token-exchange']
    scope: read
    hufu: { resource_server_of: ['${RESOURCE}'], token_exchange: { audiences: ['${RESOURCE}'], scopes: [read], impersonation: true } }
  - client_id: page
    client_secret: ${SECRET}
    token_endpoint_auth_method: client_secret_post
    redirect_uris: ['http://127.0.0.1/cb?it=%27s']
    grant_types: [authorization_code, refresh_token]
    hufu: { first_party: true }
`;

let hufu: TestHufu;
let metadata: ServerMetadata;
before(async () => {
  hufu = await startHufu({ yaml: BASIC_YAML.replace('resources:', `${CLIENTS.slice(1)}${DEVICE_CLIENTS.slice(1)}resources:`) });
  metadata = await createClient({ issuer: hufu.issuer, clientId: 'worker' }).metadata();
});
after(() => hufu.stop());

/** What bash prints, with variables that somebody has set. */
async function bash(script: string, variables: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], {
    env: { ...process.env, ...variables },
    timeout: 90_000,
  });
  return stdout.trim();
}

const WORKER: FlowChoice = { clientId: 'worker', authentication: 'client_secret_basic' };
const PAGE: FlowChoice = {
  clientId: 'page',
  authentication: 'client_secret_post',
  redirectUri: 'http://127.0.0.1/cb?it=%27s',
  scope: 'openid read',
};

function stepsOf(flow: FlowName, choice: FlowChoice): readonly FlowStep[] {
  return flowRequests(metadata, flow, choice);
}

const scriptOf = (steps: readonly FlowStep[]): string => steps.map(({ command }) => command).join('\n');

async function json(
  flow: FlowName,
  choice: FlowChoice,
  variables: Readonly<Record<string, string>> = {},
): Promise<Record<string, unknown>> {
  const steps = stepsOf(flow, choice);
  const known: Readonly<Record<string, string>> = { CLIENT_SECRET: SECRET, ...variables };
  for (const name of steps.flatMap(({ needs }) => needs)) assert.ok(name in known, `${flow} needs ${name}`);
  return JSON.parse(await bash(scriptOf(steps), known));
}

/** Somebody signs in at the address, and it comes back with a code. */
async function codeAt(address: string): Promise<string> {
  const agent = new Agent(hufu.issuer);
  let page = await agent.get(address);
  for (let steps = 0; steps < 6; steps++) {
    if (page.location.startsWith('http://127.0.0.1/cb'))
      return new URL(page.location).searchParams.get('code') ?? assert.fail(page.location);
    page = page.location === '' ? await agent.submit(page, USER) : await agent.get(page.location);
  }
  return assert.fail(page.text.slice(0, 300));
}

test('a machine gets a token, looks at it and ends it (RFC 6749 §4.4, RFC 7662 §2.1, RFC 7009 §2.1)', async () => {
  const { access_token: token } = await json('client_credentials', { ...WORKER, scope: 'read', resource: RESOURCE });
  const variables = { TOKEN: String(token) };
  assert.equal((await json('introspect', WORKER, variables))['active'], true);
  assert.equal(await bash(scriptOf(stepsOf('revoke', WORKER)), { CLIENT_SECRET: SECRET, ...variables }), '');
  assert.equal((await json('introspect', WORKER, variables))['active'], false);
});

for (const flow of ['authorization_code', 'pushed_authorization_code'] as const)
  test(`${flow}: a code for tokens, then userinfo, a refresh and an exchange (RFC 7636 §4, RFC 9126 §2, RFC 8693 §2.1)`, async () => {
    const steps = stepsOf(flow, PAGE);
    const last = steps.at(-1) ?? assert.fail();
    const before = scriptOf(steps.slice(0, -1));
    const said = await bash(`${before}\necho "$VERIFIER"`, { CLIENT_SECRET: SECRET });
    const [address = '', verifier = ''] = said.split('\n');
    const variables = { CLIENT_SECRET: SECRET, VERIFIER: verifier, CODE: await codeAt(address) };
    const tokens = JSON.parse(await bash(last.command, variables));
    assert.equal(typeof tokens.id_token, 'string', JSON.stringify(tokens));
    assert.equal((await json('refresh_token', PAGE, { REFRESH_TOKEN: tokens.refresh_token }))['token_type'], 'Bearer');
    const token = { TOKEN: tokens.access_token };
    assert.equal(typeof (await json('userinfo', PAGE, token))['sub'], 'string');
    const exchanged = await json('token_exchange', { ...WORKER, resource: RESOURCE }, token);
    assert.equal(exchanged['issued_token_type'], 'urn:ietf:params:oauth:token-type:access_token', JSON.stringify(exchanged));
  });

test('a device and a bank ask, and poll (RFC 8628 §3.1, OpenID Connect CIBA §7.1)', async () => {
  const tv = { clientId: 'tv', authentication: 'none', scope: 'openid read' } as const;
  const [ask, confirm, poll] = stepsOf('device_code', tv);
  const [address, answer = ''] = (await bash(scriptOf([ask, confirm, poll].filter((step) => step !== undefined)))).split('\n');
  assert.ok(address?.startsWith(`${hufu.issuer}/device?user_code=`));
  assert.equal(JSON.parse(answer).error, 'authorization_pending');
  const bank = { clientId: BANK.clientId, authentication: 'client_secret_basic', loginHint: USER.username } as const;
  assert.equal(JSON.parse(await bash(scriptOf(stepsOf('ciba', bank)), { CLIENT_SECRET: BANK.secret })).error, 'authorization_pending');
});

test('tokens are bound to a key that the commands make, and shown with it (RFC 9449 §4.2, §5, §7.1)', async () => {
  const bound = { ...PAGE, dpop: true };
  const steps = stepsOf('authorization_code', bound);
  assert.deepEqual(
    steps.map(({ name }) => name),
    ['dpop_key', 'dpop_proof', 'verifier', 'authorize', 'exchange'],
  );
  const last = steps.at(-1) ?? assert.fail();
  const [address = '', verifier = '', key = ''] = (
    await bash(`${scriptOf(steps.slice(0, -1))}\necho "$VERIFIER"\necho "$DPOP_KEY"`, { CLIENT_SECRET: SECRET })
  ).split('\n');
  const variables = { CLIENT_SECRET: SECRET, VERIFIER: verifier, CODE: await codeAt(address), DPOP_KEY: key };
  const functions = steps[1]?.command ?? '';
  const tokens = JSON.parse(await bash(`${functions}\n${last.command}`, variables));
  assert.equal(tokens.token_type, 'DPoP', JSON.stringify(tokens));
  // The same key again, as often as one likes: numbers of a signature that begin with zeros are as long as others.
  for (let times = 0; times < 3; times++)
    assert.equal(typeof (await json('userinfo', bound, { TOKEN: tokens.access_token, DPOP_KEY: key }))['sub'], 'string');
  const refreshed = await json('refresh_token', bound, { REFRESH_TOKEN: tokens.refresh_token, DPOP_KEY: key });
  assert.equal(refreshed['token_type'], 'DPoP');
  const { name } = stepsOf('userinfo', PAGE)[0] ?? assert.fail();
  assert.equal(name, 'userinfo');
  assert.notEqual((await json('userinfo', PAGE, { TOKEN: tokens.access_token }))['error'], undefined);
});

test('a proof is right whatever its numbers begin with: of a key that is made anew each time (RFC 7518 §3.4)', async () => {
  const [make, functions] = stepsOf('client_credentials', { ...WORKER, dpop: true });
  const many = `${functions?.command}\nfor i in 1 2 3 4 5 6 7 8; do\n${make?.command}\nDPOP_NONCE=n$i\nproof POST https://x.example/y token; echo; rm "$DPOP_KEY"\ndone`;
  const proofs = (await bash(many)).split('\n');
  assert.equal(proofs.length, 8);
  for (const [at, text] of proofs.entries()) {
    const [head = '', body = '', signature = ''] = text.split('.');
    const { jwk, typ, alg } = JSON.parse(Buffer.from(head, 'base64url').toString());
    assert.deepEqual([typ, alg, Buffer.from(signature, 'base64url').length], ['dpop+jwt', 'ES256', 64]);
    const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify']);
    const isGood = await crypto.subtle.verify(
      { name: 'ECDSA', hash: 'SHA-256' },
      key,
      Buffer.from(signature, 'base64url'),
      Buffer.from(`${head}.${body}`),
    );
    assert.ok(isGood);
    const said = JSON.parse(Buffer.from(body, 'base64url').toString());
    assert.deepEqual([said.htm, said.htu, said.nonce], ['POST', 'https://x.example/y', `n${at + 1}`]);
    assert.equal(said.ath, Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from('token'))).toString('base64url'));
  }
});

test('other ways for a client to prove itself, and parameters of any name, stand in the commands (RFC 7523 §2.2, RFC 8705 §2)', async () => {
  const [step = assert.fail()] = stepsOf('client_credentials', { ...WORKER, authentication: 'private_key_jwt', more: [['x&y=', ODD]] });
  assert.deepEqual(step.needs, ['CLIENT_ASSERTION']);
  const said = await bash(`curl() { printf '%s\\n' "$@"; }\n${step.command}`, { CLIENT_ASSERTION: 'a.b.c' });
  for (const word of [`x%26y%3D=${ODD}`, 'client_assertion=a.b.c', 'client_id=worker']) assert.ok(said.includes(word), word);
  const [tls = assert.fail()] = stepsOf('client_credentials', { ...WORKER, authentication: 'tls_client_auth' });
  assert.deepEqual(tls.needs, ['CLIENT_CERT', 'CLIENT_KEY']);
  const [implicit = assert.fail()] = stepsOf('implicit', { ...PAGE, more: [['prompt', 'none']] });
  const address = new URL(await bash(implicit.command));
  assert.equal(address.searchParams.get('response_type'), 'id_token token');
  assert.match(address.searchParams.get('nonce') ?? '', /^[0-9a-f]{32}$/);
  assert.equal(address.searchParams.get('prompt'), 'none');
  assert.equal(address.searchParams.has('code_challenge_method'), false);
  const open = stepsOf('authorization_code', { ...PAGE, pkce: 'off' });
  assert.deepEqual(
    open.map(({ name }) => name),
    ['authorize', 'exchange'],
  );
  assert.doesNotMatch(scriptOf(open), /CHALLENGE|VERIFIER|code_challenge/);
  const [password = assert.fail()] = stepsOf('password', { ...WORKER, loginHint: 'alice' });
  assert.deepEqual(password.needs, ['CLIENT_SECRET', 'PASSWORD']);
});

test('whatever stands in a value is one word of the command, and nothing of it is run', async () => {
  const texts = [ODD, ...fc.sample(fc.string({ unit: 'binary', maxLength: 20 }), 100)].filter(
    (text) => text.isWellFormed() && !text.includes('\0'),
  );
  const scripts = texts.map((text) => {
    const steps = stepsOf('authorization_code', { clientId: text, authentication: 'client_secret_post', redirectUri: text, scope: text });
    return `${steps.at(-1)?.command}\nCHALLENGE=x\n${steps[1]?.command}`;
  });
  // One program says its words, the other its text, each ended by a zero.
  const said = 'curl() { printf \'%s\\0\' "$@"; }\necho() { printf \'%s\\0\' "$1"; }\n';
  const words = (await bash(said + scripts.join('\n'), { CODE: 'c', VERIFIER: 'v', CLIENT_SECRET: 's' })).split('\0');
  for (const [name, beginning] of [
    ['client_id', 'client_id='],
    ['redirect_uri', 'redirect_uri='],
  ] as const) {
    const found = words.filter((word) => word.startsWith(beginning));
    assert.deepEqual(
      found,
      texts.map((text) => beginning + text),
      name,
    );
  }
  const addresses = words.filter((word) => word.startsWith(metadata.endpoint('authorization_endpoint')));
  assert.deepEqual(
    addresses.map((address) => new URL(address).searchParams.get('scope')),
    texts,
  );
});

test('what a flow cannot do without is said', () => {
  assert.throws(() => stepsOf('client_credentials', { ...WORKER, authentication: 'none' }), /clients that authenticate/);
  assert.throws(() => stepsOf('authorization_code', WORKER), /redirect URI/);
  assert.throws(() => stepsOf('ciba', WORKER), /login hint/);
  assert.throws(() => stepsOf('password', WORKER), /login hint/);
});
