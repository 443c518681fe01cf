import type { DeviceView, SessionView, UserOperations } from '@hufu/protocol/admin/users';
import type { DeviceRecord, SessionRecord, UserRecord } from '@hufu/store/port';
import { MAX_SESSIONS, NEVER } from '@hufu/store/retention';
import { foldUsername } from '@hufu/store/username';
import { readNewUsername } from '../../accounts/new-username.ts';
import { normalizePassword } from '../../accounts/normalize-password.ts';
import { judgePassword } from '../../accounts/password-policy.ts';
import { forgetFailures } from '../../accounts/second-tries.ts';
import { tellUser } from '../../accounts/tell-user.ts';
import type { Context } from '../../context.ts';
import { readSessionName, sessionName } from '../../sessions/session-name.ts';
import { isDirectoryName } from '../../upstream/directories.ts';
import { isLastOwner } from '../administrator-role.ts';
import { type AdminCall, type Answer, type Perform, requireMatch } from '../call.ts';
import { readPage } from '../cursor.ts';
import { deviceName, readDeviceName } from '../device-name.ts';
import { countEffect } from '../effect.ts';
import { readClaims } from '../read-claims.ts';
import { AdminRefusal, conflict, invalid, notFound } from '../refusal.ts';
import { findUserOf, requireBelow } from '../require-user.ts';
import { tagOf, userSummary, userView } from '../views.ts';
import { inviteUser } from './invite-user.ts';

const SUBJECT_LENGTH = 20;

export const USERS: { readonly [N in keyof UserOperations]: Perform<N> } = {
  'users.list': async (call) => {
    const { ctx, query, now } = call;
    const page = readPage(call);
    const { prefix, email, state } = query;
    if (email !== undefined) {
      if (prefix !== undefined || state !== undefined) throw invalid([{ pointer: 'query/email', detail: 'stands alone' }]);
      const user = await ctx.store.findUserByEmail(ctx.tenant, email);
      return { body: { items: user === undefined ? [] : [userSummary(user, now)], next: null } };
    }
    const filter = {
      ...(prefix === undefined ? {} : { prefix: foldUsername(prefix) }),
      ...(state === undefined ? {} : { state }),
      ...(page.after === undefined ? {} : { after: page.after }),
    };
    const found = await ctx.store.searchUsers(ctx.tenant, filter, page.limit + 1, now);
    return {
      body: page.cut(
        found,
        (user) => foldUsername(user.username),
        (user) => userSummary(user, now),
      ),
    };
  },

  'users.get': async (call) => answer(call, await requireUser(call)),

  'users.create': async (call) => {
    const { ctx, body, now } = call;
    call.trail.at('sign_up_details');
    const read = readNewUsername(body.username);
    if (read.kind === 'fault') throw invalid([{ pointer: '/username', detail: `is no name that people may have: ${read.fault}` }]);
    const { username } = read;
    const claims = readClaims(body.claims ?? {});
    const passwordHash = body.password === undefined ? undefined : await hashOf(ctx, body.password, username, claims);
    call.trail.at('username_free');
    if (await isDirectoryName(ctx, username)) throw conflict('a directory has this name');
    const sub = ctx.random.text(SUBJECT_LENGTH);
    const made = await call.change({ target: { kind: 'user', id: sub }, after: { username, claims } }, (store) =>
      store.createUser(ctx.tenant, { sub, username, passwordHash, claims, source: 'admin' }, now),
    );
    if (made.kind !== 'created') throw conflict('the name, or the verified address, is somebody else’s');
    return answer(call, made.user);
  },

  'users.invite': async (call) => {
    const { ctx, now } = call;
    const user = await requireUser(call);
    requireMatch(call, tagOf(await userView(ctx, user, now)));
    await requireBelow(call, user);
    return await inviteUser(call, user);
  },

  'users.claims.put': async (call) => {
    const { ctx, now } = call;
    const user = await requireUser(call);
    requireMatch(call, tagOf(await userView(ctx, user, now)));
    await requireBelow(call, user);
    if (user.source === 'config') throw conflict('hufu.yaml has them: they are changed there');
    const claims = readClaims(call.body.claims);
    const change = { target: { kind: 'user', id: user.sub }, before: { claims: user.claims }, after: { claims } } as const;
    const done = await call.change(change, (store) => store.setClaims(ctx.tenant, user.id, claims, now, user.authVersion));
    if (done === 'email_taken') throw conflict('the verified address is somebody else’s');
    if (done === 'changed') throw new AdminRefusal('precondition_failed', 'it has changed meanwhile: read it again');
    return answer(call, await requireUser(call));
  },

  'users.disable': async (call) => {
    const { ctx, now } = call;
    const user = await requireUser(call);
    requireMatch(call, tagOf(await userView(ctx, user, now)));
    await requireBelow(call, user);
    await requireOwnerLeft(call, user);
    const effect = await countEffect(ctx, { userId: user.id }, call.query, now);
    if (!effect.dry_run) await setEnabled(call, user, 'disabled');
    return { body: effect };
  },

  'users.enable': async (call) => {
    const { ctx, now } = call;
    const user = await requireUser(call);
    requireMatch(call, tagOf(await userView(ctx, user, now)));
    await requireBelow(call, user);
    await setEnabled(call, user, 'enabled');
    return answer(call, await requireUser(call));
  },

  'users.lock': async (call) => {
    const { ctx, body, now } = call;
    const user = await requireUser(call);
    requireMatch(call, tagOf(await userView(ctx, user, now)));
    await requireBelow(call, user);
    await requireOwnerLeft(call, user);
    await setLock(call, user, body.seconds === undefined ? NEVER : now + body.seconds);
    return answer(call, await requireUser(call));
  },

  'users.unlock': async (call) => {
    const { ctx, now } = call;
    const user = await requireUser(call);
    requireMatch(call, tagOf(await userView(ctx, user, now)));
    await requireBelow(call, user);
    await setLock(call, user, undefined);
    return answer(call, await requireUser(call));
  },

  'users.revoke': async (call) => {
    const { ctx, now } = call;
    const user = await requireUser(call);
    await requireBelow(call, user);
    const effect = await countEffect(ctx, { userId: user.id }, call.query, now);
    if (effect.dry_run) return { body: effect };
    await call.change({ target: { kind: 'user', id: user.sub } }, async (store) => {
      await store.distrustDevices(ctx.tenant, user.id);
      return await store.revokeUser(ctx.tenant, user.id, 'revoked_by_admin', now);
    });
    return { body: effect };
  },

  'users.delete': async (call) => {
    const { ctx, now } = call;
    const user = await requireUser(call);
    requireMatch(call, tagOf(await userView(ctx, user, now)));
    await requireBelow(call, user);
    await requireOwnerLeft(call, user);
    if (ctx.config.users.some(({ username }) => foldUsername(username) === foldUsername(user.username)))
      throw conflict('hufu.yaml has them, and the next start would make them anew: take them out of there');
    const effect = await countEffect(ctx, { userId: user.id }, call.query, now);
    if (effect.dry_run) return { body: effect };
    const before = { username: user.username };
    const done = await call.change({ target: { kind: 'user', id: user.sub }, before }, (store) =>
      store.deleteUser(ctx.tenant, user.id, now),
    );
    if (done === 'unknown') throw notFound('user');
    return { body: effect };
  },

  'users.factors.list': async (call) => ({ body: await factorsOf(call.ctx, await requireUser(call)) }),

  'users.factors.reset': async (call) => {
    const { ctx, now } = call;
    const user = await requireUser(call);
    await requireBelow(call, user);
    const before = await factorsOf(ctx, user);
    await call.change({ target: { kind: 'user', id: user.sub }, before }, (store) => store.removeFactors(ctx.tenant, user.id, now));
    // An app that is made anew begins with no failures.
    await forgetFailures(ctx, user);
    await tellUser(ctx, user, 'factor_removed');
    return { body: await factorsOf(ctx, user) };
  },

  'users.sessions.list': async (call) => {
    const { ctx, now } = call;
    const user = await requireUser(call);
    const sessions = await ctx.store.listSessions(ctx.tenant, user.id, MAX_SESSIONS, now);
    return { body: { items: sessions.map((session) => sessionView(ctx, session)) } };
  },

  'users.sessions.end': async (call) => {
    const { ctx, params, now } = call;
    const user = await requireUser(call);
    await requireBelow(call, user);
    const id = readSessionName(ctx, params.sid);
    const session = id === undefined ? undefined : await ctx.store.findSession(ctx.tenant, id);
    // A session of somebody else is none of theirs (attacks ADM-02).
    if (session?.userId !== user.id || session.endedAt !== undefined) throw notFound('session of this user');
    const target = { kind: 'session', id: params.sid } as const;
    await call.change({ target, before: sessionView(ctx, session) }, (store) =>
      store.endSession(ctx.tenant, session.id, 'revoked_by_admin', now),
    );
    return { body: undefined };
  },

  'users.devices.list': async (call) => {
    const { ctx, now } = call;
    const devices = await ctx.store.listDevices(ctx.tenant, (await requireUser(call)).id);
    return { body: { items: devices.map((device) => deviceView(ctx, device, now)) } };
  },

  'users.devices.remove': async (call) => {
    const { ctx, params, now } = call;
    const user = await requireUser(call);
    await requireBelow(call, user);
    const id = readDeviceName(ctx, params.device_id);
    const target = { kind: 'device', id: params.device_id } as const;
    const done = id === undefined ? 'unknown' : await call.change({ target }, (store) => store.removeDevice(ctx.tenant, user.id, id, now));
    if (done === 'unknown') throw notFound('device of this user');
    return { body: undefined };
  },
};

type UserCall = Pick<AdminCall<'users.get'>, 'ctx' | 'params' | 'trail' | 'now'>;

async function requireUser(call: UserCall): Promise<UserRecord> {
  return await findUserOf(call, call.params.sub);
}

async function requireOwnerLeft({ ctx, now }: UserCall, user: UserRecord): Promise<void> {
  if (await isLastOwner(ctx, user, now)) throw conflict('nobody else is an owner: make somebody one first');
}

async function answer(
  { ctx, now }: UserCall | AdminCall<'users.create'>,
  user: UserRecord,
): Promise<Answer<'users.get'> & Answer<'users.create'>> {
  const body = await userView(ctx, user, now);
  return { body, etag: tagOf(body) };
}

async function setEnabled(
  { ctx, now, change }: Pick<AdminCall<'users.enable'>, 'ctx' | 'now' | 'change'>,
  user: UserRecord,
  state: 'enabled' | 'disabled',
): Promise<void> {
  const enabled = state === 'enabled';
  const about = { target: { kind: 'user', id: user.sub }, before: { enabled: user.enabled }, after: { enabled } } as const;
  const done = await change(about, (store) => store.setUserEnabled(ctx.tenant, user.id, enabled, now));
  if (done === 'unknown') throw notFound('user');
}

async function setLock(
  { ctx, now, change }: Pick<AdminCall<'users.unlock'>, 'ctx' | 'now' | 'change'>,
  user: UserRecord,
  until: number | undefined,
): Promise<void> {
  const target = { kind: 'user', id: user.sub } as const;
  const about = { target, before: { locked_until: user.lockedUntil }, after: { locked_until: until } };
  const done = await change(about, (store) => store.lockUser(ctx.tenant, user.id, until, now));
  if (done === 'unknown') throw notFound('user');
}

async function hashOf(ctx: Context, password: string, username: string, claims: UserRecord['claims']): Promise<string> {
  const normalized = normalizePassword(password);
  const words = [username, claims['email'], claims['name']].filter((word) => typeof word === 'string');
  const fault = await judgePassword(normalized, words, ctx.config.policies.passwords.minLength);
  if (fault !== undefined) throw invalid([{ pointer: '/password', detail: `is no password that people may have: ${fault}` }]);
  return await ctx.passwords.hash(normalized);
}

async function factorsOf(ctx: Context, { id }: UserRecord): Promise<Answer<'users.factors.list'>['body']> {
  const factors = await ctx.store.listFactors(ctx.tenant, id);
  return {
    items: factors.map(({ kind, name, createdAt, usedAt }) => ({
      kind,
      name,
      created_at: createdAt,
      ...(usedAt === undefined ? {} : { used_at: usedAt }),
    })),
    recovery_codes: await ctx.store.countRecoveryCodes(ctx.tenant, id),
  };
}

function sessionView(ctx: Context, session: SessionRecord): SessionView {
  const { id, createdAt, lastSeenAt, expiresAt, amr, userAgent, deviceId, place } = session;
  return {
    sid: sessionName(ctx, id),
    created_at: createdAt,
    last_seen_at: lastSeenAt,
    expires_at: expiresAt,
    amr,
    user_agent: userAgent,
    ...(deviceId === undefined ? {} : { device_id: deviceName(ctx, deviceId) }),
    ...(place === undefined ? {} : { place }),
  };
}

function deviceView(ctx: Context, device: DeviceRecord, now: number): DeviceView {
  const { id, name, type, agent, place, createdAt, seenAt, trustedUntil } = device;
  return {
    id: deviceName(ctx, id),
    name,
    type,
    agent,
    ...(place === undefined ? {} : { place }),
    created_at: createdAt,
    seen_at: seenAt,
    ...(trustedUntil > now ? { trusted_until: trustedUntil } : {}),
  };
}
