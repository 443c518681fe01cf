import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DEVICE_CODE } from '@hufu/protocol/grant-type';
import type { CommandCall } from '../command.ts';
import { RefusedError, UsageError } from '../command.ts';
import { signIn } from '../commands/login.ts';
import { logout } from '../commands/logout.ts';
import { token } from '../commands/token.ts';
import { whoami } from '../commands/whoami.ts';
import { accountFile, readAccounts, withLock, writeAccounts } from './account-file.ts';
import { readAccountWords } from './account-words.ts';
import { liveAccount } from './live-account.ts';
import { asked, clientAt } from './sign-in.ts';

const folder = mkdtempSync(join(tmpdir(), 'hufu-login-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let homes = 0;

interface Issuer {
  readonly issuer: string;
  /** `METHOD path` with the form, in order. */
  readonly asked: { readonly at: string; readonly form: URLSearchParams; readonly authorization: string | undefined }[];
  /** By path: status and JSON. */
  readonly answers: Map<string, readonly [number, object] | 'never'>;
  close(): void;
}

/** A server that says what a test wants it to say. */
async function openIssuer(): Promise<Issuer> {
  const answers: Issuer['answers'] = new Map();
  const asked: Issuer['asked'] = [];
  const server = createServer(async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
    const path = request.url ?? '';
    if (!path.startsWith('/.well-known'))
      asked.push({ at: path, form: new URLSearchParams(Buffer.concat(chunks).toString()), authorization: request.headers.authorization });
    const answer = answers.get(path) ?? [404, {}];
    if (answer === 'never') return;
    const [status, body] = answer;
    reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const issuer = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  answers.set('/.well-known/openid-configuration', [
    200,
    {
      issuer,
      token_endpoint: `${issuer}/token`,
      device_authorization_endpoint: `${issuer}/device`,
      revocation_endpoint: `${issuer}/revoke`,
      userinfo_endpoint: `${issuer}/userinfo`,
    },
  ]);
  answers.set('/device', [
    200,
    {
      device_code: 'dc',
      user_code: 'WDJB-MJHT',
      verification_uri: `${issuer}/go`,
      verification_uri_complete: `${issuer}/go?c`,
      expires_in: 600,
      interval: 5,
    },
  ]);
  answers.set('/token', [200, { access_token: 'at-1', token_type: 'Bearer', expires_in: 600, refresh_token: 'rt-1', scope: 'openid' }]);
  answers.set('/revoke', [200, {}]);
  answers.set('/userinfo', [200, { sub: 's1', name: 'Mei\u001b[31m' }]);
  return {
    issuer,
    asked,
    answers,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A command of somebody with a home of their own. */
function newCall(args: readonly string[] = []): CommandCall & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    args,
    env: { XDG_CONFIG_HOME: join(folder, `home-${homes++}`) },
    lines,
    out: (line) => lines.push(line),
    err: (line) => lines.push(line),
  };
}

interface Time {
  nowMs(): number;
  wait(ms: number): Promise<void>;
  readonly waits: number[];
}

/** Time that passes only by waiting; `meanwhile` happens after each wait. */
function fastTime(meanwhile: (waited: number) => void = () => undefined): Time {
  let now = 1_800_000_000_000;
  const waits: number[] = [];
  return {
    waits,
    nowMs: () => now,
    async wait(ms) {
      now += ms;
      waits.push(ms);
      meanwhile(waits.length);
    },
  };
}

const words = (issuer: string, json = false): ReturnType<typeof readAccountWords> =>
  readAccountWords(['--issuer', issuer, ...(json ? ['--json'] : [])], ['client', 'scope', 'resource', 'no-qr']);

test('login shows the code, asks as often as it may, and keeps the tokens for this user alone (RFC 8628 §3.3, §3.5)', async () => {
  const server = await openIssuer();
  const call = newCall();
  const good = server.answers.get('/token') ?? assert.fail();
  server.answers.set('/token', [400, { error: 'authorization_pending' }]);
  const time = fastTime((waited) => {
    if (waited === 1) server.answers.set('/token', [400, { error: 'slow_down' }]);
    if (waited === 2) server.answers.set('/token', [503, { error: 'temporarily_unavailable' }]);
    if (waited === 3) server.answers.set('/token', good);
  });
  await signIn(call, words(server.issuer), time);
  assert.deepEqual(time.waits, [5_000, 10_000, 15_000]);
  assert.match(call.lines.join('\n'), /\/go\nand type WDJB-MJHT/);
  const [first, , , last] = server.asked;
  assert.deepEqual([first?.at, first?.form.get('client_id')], ['/device', 'hufu-cli']);
  assert.deepEqual([last?.form.get('grant_type'), last?.form.get('device_code')], [DEVICE_CODE, 'dc']);
  const file = accountFile(call.env);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(join(file, '..')).mode & 0o777, 0o700);
  assert.deepEqual(
    readdirSync(join(file, '..')),
    ['accounts.json', 'accounts.json.lock.1'],
    'no temporary file is left, and one of the lock',
  );
  assert.equal((await readAccounts(file)).current, server.issuer);
  server.close();
});

test('no, too late, and an answer that is none end it with a reason (RFC 8628 §3.5)', async () => {
  const server = await openIssuer();
  for (const [answer, reason] of [
    [[400, { error: 'access_denied' }], /denied/],
    [[400, { error: 'expired_token' }], /expired/],
    [[400, { error: 'authorization_pending' }], /expired/],
    [[400, { error: 'invalid_grant', error_description: 'gone\u001b[2J' }], /invalid_grant: gone\?\[2J/],
    [[200, { access_token: 'a b', token_type: 'Bearer' }], /no access token/],
    [[200, { access_token: 'a', token_type: 'DPoP' }], /no Bearer token/],
  ] as const) {
    server.answers.set('/token', answer);
    const call = newCall();
    await assert.rejects(
      signIn(call, words(server.issuer), fastTime()),
      (error) => error instanceof RefusedError && reason.test(error.message),
    );
    assert.deepEqual((await readAccounts(accountFile(call.env))).all, []);
  }
  server.close();
});

test('what a server says is shown without what a terminal would obey, and no page is opened but of the web (RFC 8628 §5.4)', async () => {
  const server = await openIssuer();
  server.answers.set('/device', [
    200,
    { device_code: 'dc', user_code: 'A\u001b]0;x\u0007B', verification_uri: 'https://ok.example/', expires_in: 600 },
  ]);
  const call = newCall();
  await signIn(call, words(server.issuer), fastTime());
  assert.equal(call.lines.join('\n').includes('\u001b'), false);
  for (const verification_uri of ['javascript:alert(1)', 'http://evil.example/', 'https://x.example/\u001b[2J', 7]) {
    server.answers.set('/device', [200, { device_code: 'dc', user_code: 'AB', verification_uri, expires_in: 600 }]);
    await assert.rejects(signIn(newCall(), words(server.issuer), fastTime()), RefusedError);
  }
  server.close();
});

test('a server that has another name than the one that was asked is refused (OpenID Connect Discovery §4.3)', async () => {
  const server = await openIssuer();
  const metadata = (issuer: string): Promise<unknown> => asked(clientAt(issuer, 'hufu-cli').metadata());
  await assert.rejects(metadata(server.issuer.replace('127.0.0.1', 'localhost')), /calls itself/);
  assert.throws(() => clientAt('http://id.example', 'hufu-cli'), UsageError);
  assert.throws(() => clientAt('ftp://id.example', 'hufu-cli'), UsageError);
  const call = await withAccount(server, 0);
  server.answers.set('/.well-known/openid-configuration', [200, { issuer: server.issuer, token_endpoint: 'http://evil.example/token' }]);
  await assert.rejects(token.run(call), RefusedError);
  server.close();
});

async function withAccount(
  server: Issuer,
  expiresAt: number,
  refreshToken: string | undefined = 'rt-1',
): Promise<CommandCall & { readonly lines: string[] }> {
  const call = newCall();
  const account = {
    issuer: server.issuer,
    clientId: 'hufu-cli',
    accessToken: 'at-old',
    tokenType: 'Bearer',
    expiresAt,
    refreshToken,
    scope: 'openid',
  };
  await writeAccounts(accountFile(call.env), { current: server.issuer, all: [account] });
  return call;
}

const FAR = 4_000_000_000;

test('token prints what is there while it is good, and renews it once for any number of calls (RFC 6749 §6)', async () => {
  const server = await openIssuer();
  const good = await withAccount(server, FAR);
  assert.equal(await token.run(good), 0);
  assert.deepEqual([good.lines, server.asked.length], [['at-old'], 0]);
  const old = await withAccount(server, 0);
  await Promise.all(Array.from({ length: 20 }, () => token.run(old)));
  assert.deepEqual(new Set(old.lines), new Set(['at-1']));
  assert.equal(server.asked.length, 1);
  assert.deepEqual([server.asked[0]?.form.get('grant_type'), server.asked[0]?.form.get('refresh_token')], ['refresh_token', 'rt-1']);
  const json = { ...old, args: ['--json'], lines: [] as string[], out: (line: string) => void old.lines.push(line) };
  await token.run(json);
  assert.equal(JSON.parse(old.lines.at(-1) ?? '').access_token, 'at-1');
  server.close();
});

test('a grant that has ended is forgotten; a server that is away costs nobody their sign-in (RFC 6749 §6)', async () => {
  const server = await openIssuer();
  const call = await withAccount(server, 0);
  server.answers.set('/token', [503, { error: 'temporarily_unavailable' }]);
  await assert.rejects(token.run(call), /temporarily_unavailable/);
  assert.equal((await readAccounts(accountFile(call.env))).all.length, 1);
  server.answers.set('/token', [400, { error: 'invalid_grant' }]);
  await assert.rejects(token.run(call), /hufu login/);
  assert.equal((await readAccounts(accountFile(call.env))).all.length, 0);
  await assert.rejects(token.run(call), /nobody is signed in/);
  server.close();
});

test('a server that takes the request and never answers costs nobody their sign-in, and is told in one line (RFC 6749 §6)', async () => {
  const server = await openIssuer();
  const call = await withAccount(server, 0);
  server.answers.set('/token', 'never');
  await assert.rejects(
    liveAccount(call, undefined, 100),
    (error) => error instanceof RefusedError && /^http:.* does not answer: the sign-in there is kept/.test(error.message),
  );
  assert.equal(server.asked.length, 1);
  assert.equal((await readAccounts(accountFile(call.env))).all[0]?.refreshToken, 'rt-1');
  server.close();
});

test('whoami asks the server; logout revokes there and forgets here, whatever the server says (RFC 7009 §2.1)', async () => {
  const server = await openIssuer();
  const call = await withAccount(server, FAR);
  await whoami.run(call);
  assert.equal(call.lines.at(-1), `Mei?[31m (s1) at ${server.issuer}`);
  assert.equal(server.asked[0]?.authorization, 'Bearer at-old');
  assert.equal(await logout.run(call), 0);
  assert.deepEqual([server.asked.at(-1)?.at, server.asked.at(-1)?.form.get('token')], ['/revoke', 'rt-1']);
  assert.equal((await readAccounts(accountFile(call.env))).all.length, 0);
  const other = await withAccount(server, FAR);
  server.answers.set('/revoke', [503, { error: 'temporarily_unavailable' }]);
  await assert.rejects(logout.run(other), /not revoked/);
  assert.equal((await readAccounts(accountFile(other.env))).all.length, 0);
  server.close();
});

test('a file that others can read, or that is broken, is refused and not overwritten by reading', async () => {
  const server = await openIssuer();
  const call = await withAccount(server, FAR);
  const file = accountFile(call.env);
  chmodSync(file, 0o644);
  await assert.rejects(token.run(call), /read by others/);
  chmodSync(file, 0o600);
  writeFileSync(file, '{');
  await assert.rejects(token.run(call), /not JSON/);
  assert.equal(readFileSync(file, 'utf8'), '{');
  server.close();
});

test('the lock lets one in at a time, and gives way where its owner has died', async () => {
  const file = accountFile(newCall().env);
  let within = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 10 }, () =>
      withLock(file, async () => {
        most = Math.max(most, ++within);
        await new Promise<void>((resolve) => setImmediate(resolve));
        within -= 1;
      }),
    ),
  );
  assert.equal(most, 1);
  // As a process leaves it that was killed inside.
  const inside = `import { withLock } from ${JSON.stringify(import.meta.resolve('./account-file.ts'))};
    await withLock(${JSON.stringify(file)}, () => process.kill(process.pid, 'SIGKILL'));`;
  const { signal } = spawnSync(process.execPath, ['--conditions=source', '--input-type=module', '--eval', inside]);
  assert.equal(signal, 'SIGKILL');
  const held = readdirSync(join(file, '..')).map((name) => readFileSync(join(file, '..', name), 'utf8'));
  assert.equal(held.length, 1);
  assert.doesNotMatch(held[0] ?? '', /nobody/);
  assert.equal(await withLock(file, () => Promise.resolve('in')), 'in');
  await assert.rejects(
    withLock(file, () => Promise.reject(new RangeError('x'))),
    RangeError,
  );
  assert.equal(await withLock(file, () => Promise.resolve('again')), 'again');
});
