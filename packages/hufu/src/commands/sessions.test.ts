import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { loadConfig } from '@hufu/server/config/load-config';
import type { Context } from '@hufu/server/context';
import { applyConfig } from '@hufu/server/jobs/apply-config';
import { sessionName } from '@hufu/server/sessions/session-name';
import { type Command, RefusedError, UsageError } from '../command.ts';
import { withContext } from '../local.ts';
import { commandFolder } from '../testing/command-folder.ts';
import { deliveryList } from './delivery-list.ts';
import { doctor } from './doctor.ts';
import { revokeSession, sessionList } from './sessions.ts';

const { file, call } = commandFolder(`
mode: test
clients:
  - client_id: rp
    token_endpoint_auth_method: none
    redirect_uris: [https://rp.example/cb]
    scope: openid
    backchannel_logout_uri: https://rp.example/logout
users:
  - { username: mei, password: a long enough password }
  - { username: lee, password: Password123 }
  - { username: kim, password: passwordpassword }
`);

interface Ran {
  readonly code: number;
  readonly out: string;
}

async function run(command: Command, ...args: readonly string[]): Promise<Ran> {
  const lines: string[] = [];
  return { code: await command.run(call(lines, args)), out: lines.join('\n') };
}

/** A session of mei's, told to the client rp. */
async function openSession(ctx: Context, now: number, userAgent: string): Promise<string> {
  const user = (await ctx.store.findUserByName(ctx.tenant, 'mei')) ?? assert.fail('no mei');
  const opened = await ctx.store.openSession(
    ctx.tenant,
    {
      userId: user.id,
      secretHash: 's'.repeat(43),
      authTime: now,
      amr: ['pwd'],
      methods: [],
      expiresAt: now + 3_600,
      userAgent,
      fingerprint: undefined,
      place: undefined,
      device: { browserHash: userAgent, name: 'Firefox · Linux', type: 'desktop', agent: 'Firefox 140 · Linux' },
    },
    { authVersion: user.authVersion, replaces: undefined, stepsUp: false, limit: undefined, signsOut: [] },
    now,
  );
  if (opened.kind !== 'opened') assert.fail();
  const sid = sessionName(ctx, opened.session.id);
  const about = { userId: user.id, subject: user.sub, clientId: clientId('rp'), sessionId: opened.session.id, scopes: ['openid'] };
  await ctx.store.admit(ctx.tenant, { ...about, needsConsent: false, participation: { sid, backchannel: true } }, now);
  return sid;
}

async function inside<T>(act: (ctx: Context, now: number) => Promise<T>): Promise<T> {
  return withContext(call([]), await loadConfig(file, {}), act);
}

test('an administrator sees where somebody is signed in, ends one session, and its client is to be told (Back-Channel Logout §2.5)', async () => {
  const sids = await inside(async (ctx, now) => {
    await applyConfig(ctx, now);
    return [await openSession(ctx, now, 'Browser/1 \u001b[31m虎'), await openSession(ctx, now, 'Browser/2')];
  });
  const [first = '', second = ''] = sids;
  const listed: readonly { sid: string; how: string; browser: string }[] = JSON.parse(
    (await run(sessionList, '--user', 'mei', '--json')).out,
  );
  assert.deepEqual(
    listed.map(({ sid, how, browser }) => [sid, how, browser]),
    [
      [second, 'pwd', 'Browser/2'],
      [first, 'pwd', 'Browser/1 ?[31m?'],
    ],
  );
  assert.match((await run(sessionList, '--user', 'mei')).out, /^SID +SIGNED_IN +SEEN +ENDS +HOW +DEVICE +BROWSER\n/);
  assert.equal((await run(revokeSession, first)).out, `Session ${first} has ended.`);
  assert.deepEqual(JSON.parse((await run(revokeSession, second, '--json')).out), { session: second, result: 'ended' });
  assert.equal(JSON.parse((await run(sessionList, '--user', 'mei', '--json')).out).length, 0);
  const due = await inside((ctx, now) => ctx.store.takeDeliveries(ctx.tenant, 10, 30, now));
  assert.deepEqual(
    due.map(({ sid, attempt }) => [sid, attempt]).toSorted(),
    [
      [first, 1],
      [second, 1],
    ].toSorted(),
  );
});

test('what is no session, nobody and too many words are refused', async () => {
  await assert.rejects(run(revokeSession, 'zzzz'), RefusedError);
  await assert.rejects(run(revokeSession, '../x'), RefusedError);
  await assert.rejects(run(revokeSession), UsageError);
  await assert.rejects(run(revokeSession, 'a', 'b'), UsageError);
  await assert.rejects(run(sessionList, '--user', 'nobody'), RefusedError);
  await assert.rejects(run(sessionList), UsageError);
  await assert.rejects(run(sessionList, '--user', 'mei', 'x'), UsageError);
});

test('a client that could not be told is listed, and the doctor mentions it', async () => {
  assert.doesNotMatch((await run(doctor)).out, /sign-outs/);
  assert.deepEqual(JSON.parse((await run(deliveryList, '--json')).out), []);
  const sid = await inside(async (ctx, now) => {
    const name = await openSession(ctx, now, '');
    await ctx.store.revokeUser(
      ctx.tenant,
      (await ctx.store.findUserByName(ctx.tenant, 'mei'))?.id ?? assert.fail(),
      'revoked_by_admin',
      now,
    );
    for (const { id, attempt } of await ctx.store.takeDeliveries(ctx.tenant, 10, 30, now + 31)) {
      const outcome = { kind: 'failed', error: 'the client answered 500', dueAt: undefined } as const;
      await ctx.store.settleDelivery(ctx.tenant, id, attempt, outcome, now + 31);
    }
    return name;
  });
  const dead: readonly Record<string, unknown>[] = JSON.parse((await run(deliveryList, '--json')).out);
  assert.equal(dead.length, 3);
  const own = dead.find((row) => row['sid'] === sid);
  assert.deepEqual([own?.['client_id'], own?.['attempts'], own?.['error']], ['rp', 1, 'the client answered 500']);
  const { code, out } = await run(doctor);
  assert.match(out, /! sign-outs: 3 could not be told to a client, the last one to rp \(the client answered 500\); see hufu delivery list/);
  assert.equal(code === 0 || out.includes('✗'), true);
});

test('the doctor names users of the file whose password nobody could choose, and not the password', async () => {
  const { out } = await run(doctor);
  assert.match(out, /! user lee: the password is shorter than policies\.passwords\.min_length/);
  assert.match(out, /! user kim: the password is one of those that are tried first/);
  assert.doesNotMatch(out, /user mei|assword123|passwordpassword/);
});
