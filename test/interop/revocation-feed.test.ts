import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { clientId } from '@hufu/protocol/ids';
import { readJwt } from '@hufu/protocol/jwt';
import type { RevocationEntry } from '@hufu/protocol/revocation-batch';
import { systemClock } from '@hufu/resource/clock';
import { type FollowerEvent, type FollowerOptions, type RevocationFollower, revocationFollower } from '@hufu/resource/follower';
import type { Revocations } from '@hufu/resource/revocations';
import { statusLists } from '@hufu/resource/status-lists';
import { type Verifier, verifier } from '@hufu/resource/verifier';
import { openSqlite } from '@hufu/store/sqlite/open';
import { Agent, authorizeAs, exchange, postForm } from '../support/agent.ts';
import { type FeedProxy, startFeedProxy } from '../support/feed-proxy.ts';
import { startHufu, type TestHufu } from '../support/hufu.ts';

const SECRET = 'gate-secret-0123456789abcdef0123456789';
const API = 'https://api.example/';
const DEEP = 'https://deep.example/';
const OPAQUE = 'https://opaque.example/';
const PASSWORD = 'a long enough password';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const USERS = ['ana', 'bo', 'cai', 'dee', 'eli', 'fay', 'gus', 'hui', 'ida', 'jun', 'kim'] as const;
type User = (typeof USERS)[number] | `${(typeof USERS)[number]}2`;

const YAML = `
policies: { brute_force: off }
clients:
  - { client_id: spa, token_endpoint_auth_method: none, redirect_uris: [https://app.example/cb], grant_types: [authorization_code, refresh_token], hufu: { first_party: true } }
  - { client_id: doomed, token_endpoint_auth_method: none, redirect_uris: [https://app.example/cb], grant_types: [authorization_code, refresh_token], hufu: { first_party: true } }
  - client_id: gate
    client_secret: ${SECRET}
    grant_types: ['${EXCHANGE}']
    hufu: { resource_server_of: ['${API}'], token_exchange: { audiences: ['${DEEP}', '${OPAQUE}'], scopes: [read] } }
  - { client_id: machine, client_secret: ${SECRET}, grant_types: [client_credentials], scope: read }
  - { client_id: admin, client_secret: ${SECRET}, grant_types: [client_credentials], scope: hufu:admin:read }
  - { client_id: api, client_secret: ${SECRET}, grant_types: [], hufu: { resource_server_of: ['${API}', '${DEEP}', '${OPAQUE}'] } }
resources:
  - { identifier: '${API}', scopes: [read], token_format: jwt }
  - { identifier: '${DEEP}', scopes: [read], token_format: jwt }
  - { identifier: '${OPAQUE}', scopes: [read], token_format: opaque }
users:
${USERS.flatMap((name) => [name, `${name}2`])
  .map((username) => `  - { username: ${username}, password: ${PASSWORD} }`)
  .join('\n')}
`;
const CREDENTIALS = { clientId: 'api', clientSecret: SECRET } as const;

interface Tokens {
  readonly text: string;
  readonly refresh: string;
}

/** What an API knows: a verifier for each kind of token, and how often the issuer was asked about one. */
interface Api {
  /** `live`, or why not; `revoked <reason>` with the issuer's word. */
  outcome(token: string): Promise<string>;
  asked(): number;
}

let folder = '';
let hufu: TestHufu;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hufu-feed-'));
  hufu = await startHufu({ yaml: YAML, store: await openSqlite(join(folder, 'hufu.db')) });
});
after(async () => {
  await hufu?.stop();
  await hufu?.store.close();
  await rm(folder, { recursive: true, force: true });
});
const followers: RevocationFollower[] = [];
afterEach(async () => {
  for (const follower of followers.splice(0)) await follower.close();
});

interface Followed {
  readonly follower: RevocationFollower;
  readonly events: readonly FollowerEvent[];
  readonly api: Api;
}

function follow(options: Partial<FollowerOptions> = {}): Followed {
  const follower = revocationFollower({ issuer: hufu.issuer, credentials: CREDENTIALS, node: 'api-1', ...options });
  followers.push(follower);
  const events: FollowerEvent[] = [];
  follower.subscribe((event) => events.push(event));
  return { follower, events, api: apiWith(follower) };
}

/** Where the issuer is asked, its answers would be kept for an hour: whatever is refused is so by what the feed says. */
function apiWith(revocations: Revocations): Api {
  let asked = 0;
  const count: typeof fetch = (url, init) => {
    if (String(url).endsWith('/introspect')) asked += 1;
    return fetch(url, init);
  };
  const introspection = { credentials: CREDENTIALS, ttlSeconds: 3_600 };
  const of = (audience: string): Verifier => verifier({ issuer: hufu.issuer, audience, revocations, introspection, fetch: count });
  const [api, deep, opaque] = [of(API), of(DEEP), of(OPAQUE)];
  return {
    asked: () => asked,
    async outcome(token) {
      const jwt = readJwt(token);
      const result = await (jwt === undefined ? opaque : jwt.payload['aud'] === API ? api : deep).verify(token);
      if (result.kind === 'live') return 'live';
      return result.reason === 'revoked' ? `revoked ${result.error.detail}` : result.reason;
    },
  };
}

async function signIn(username: User, resource: string = API, clientId = 'spa'): Promise<Tokens> {
  const agent = new Agent(hufu.issuer);
  const request = { clientId, redirectUri: 'https://app.example/cb', scope: 'openid read', parameters: { resource } };
  const { body } = await exchange(agent, request, await authorizeAs(agent, request, { username, password: PASSWORD }));
  return { text: String(body['access_token']), refresh: String(body['refresh_token']) };
}

async function exchanged(subject: string, audience: string): Promise<string> {
  const fields = { grant_type: EXCHANGE, subject_token: subject, subject_token_type: ACCESS_TOKEN, audience, scope: 'read' };
  const { body } = await postForm(`${hufu.issuer}/oauth/token`, fields, `gate:${SECRET}`);
  return String(body['access_token']);
}

async function machineToken(scope = 'read', client = 'machine'): Promise<string> {
  const fields = { grant_type: 'client_credentials', scope, ...(client === 'machine' ? { resource: API } : {}) };
  const { body } = await postForm(`${hufu.issuer}/oauth/token`, fields, `${client}:${SECRET}`);
  return String(body['access_token']);
}

async function revoke(token: string, client = 'spa'): Promise<void> {
  const fields = { token, ...(client === 'spa' ? { client_id: client } : {}) };
  const { status } = await postForm(`${hufu.issuer}/oauth/revoke`, fields, client === 'spa' ? undefined : `${client}:${SECRET}`);
  assert.equal(status, 200);
}

async function headOf(): Promise<number> {
  return (await hufu.store.readRevocationHead(hufu.context.tenant)).seq;
}

async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; !(await isSo()); round += 1) {
    assert.ok(round < 3_000, `never: ${what}`);
    await sleep(10);
  }
}

/** Done when the follower has everything that was revoked so far. */
async function caughtUp({ follower }: Followed): Promise<void> {
  const head = await headOf();
  await until(`position ${head}`, () => follower.state().position >= head && follower.isFresh());
}

async function userOf(username: User): Promise<NonNullable<Awaited<ReturnType<typeof hufu.store.findUserByName>>>> {
  return (await hufu.store.findUserByName(hufu.context.tenant, username)) ?? assert.fail(username);
}

function seconds(): number {
  return Math.floor(hufu.context.clock.nowMs() / 1000);
}

/** Entries on the wire after a position. */
async function entriesAfter(after: number): Promise<readonly RevocationEntry[]> {
  const { epoch } = await hufu.store.readRevocationHead(hufu.context.tenant);
  const authorization = `Basic ${Buffer.from(`api:${SECRET}`).toString('base64')}`;
  const reply = await fetch(`${hufu.issuer}/oauth/revocations?after=${after}&epoch=${epoch}`, { headers: { authorization } });
  const { entries }: { readonly entries: readonly RevocationEntry[] } = Object(readJwt(await reply.text())?.payload);
  return entries;
}

function grantOf(token: string): string {
  const { status, lineage }: { status?: { status_list?: { idx?: number; uri?: string } }; lineage?: unknown } = Object(
    readJwt(token)?.payload,
  );
  assert.ok(lineage === undefined || Array.isArray(lineage));
  return `${status?.status_list?.uri?.split('/').at(-1)}/${status?.status_list?.idx}`;
}

interface Scene {
  /** Everything that dies; the opaque ones without `status` of their own too. */
  readonly dying: Readonly<Record<string, string>>;
  readonly living: readonly string[];
  act(): Promise<unknown>;
  readonly reason: string;
  /** Entries that it makes, as far as they say. */
  entries(): Promise<readonly Partial<RevocationEntry>[]>;
  /** Whether status lists know of it. */
  readonly isListed: boolean;
}

/** @param who which of two users of a name: one is for each way to hear. */
const SCENES: Readonly<Record<string, (who: '' | '2') => Promise<Scene>>> = {
  'a grant that its client gives up, and what was exchanged from it': async (who) => {
    const one = await signIn(`ana${who}`);
    const other = await signIn(`ana${who}`);
    const child = await exchanged(one.text, DEEP);
    const opaqueChild = await exchanged(one.text, OPAQUE);
    return {
      dying: { jwt: one.text, child, opaqueChild },
      living: [other.text, await exchanged(other.text, DEEP), await exchanged(other.text, OPAQUE)],
      act: () => revoke(one.refresh),
      reason: 'revoked_by_client',
      entries: async () => [{ kind: 'grant', id: grantOf(one.text) }],
      isListed: true,
    };
  },
  'an opaque token, by its grant': async (who) => {
    const one = await signIn(`bo${who}`, OPAQUE);
    const other = await signIn(`bo${who}`, OPAQUE);
    return {
      dying: { opaque: one.text },
      living: [other.text],
      act: () => revoke(one.refresh),
      reason: 'revoked_by_client',
      entries: async () => [{ kind: 'grant' }],
      isListed: true,
    };
  },
  'one JWT': async (who) => {
    const one = await signIn(`cai${who}`);
    const [child, machine] = [await exchanged(one.text, DEEP), await machineToken()];
    return {
      dying: { jwt: machine },
      living: [one.text, child, await machineToken()],
      act: () => revoke(machine, 'machine'),
      reason: 'revoked_by_client',
      entries: async () => [{ kind: 'jti', id: String(readJwt(machine)?.payload['jti']) }],
      isListed: false,
    };
  },
  'one opaque token': async (who) => {
    const one = await signIn(`cai${who}`, OPAQUE);
    const refreshed = await postForm(`${hufu.issuer}/oauth/token`, {
      grant_type: 'refresh_token',
      client_id: 'spa',
      refresh_token: one.refresh,
    });
    return {
      dying: { opaque: one.text },
      living: [String(refreshed.body['access_token'])],
      act: () => revoke(one.text),
      reason: 'revoked_by_client',
      entries: async () => [{ kind: 'jti' }],
      isListed: false,
    };
  },
  'a client, and what was exchanged from its tokens': async (who) => {
    const one = await signIn(`dee${who}`, API, 'doomed');
    const opaque = await signIn(`dee${who}`, OPAQUE, 'doomed');
    const other = await signIn(`dee${who}`);
    return {
      dying: { jwt: one.text, opaque: opaque.text, child: await exchanged(one.text, DEEP), opaqueChild: await exchanged(one.text, OPAQUE) },
      living: [other.text, await exchanged(other.text, DEEP)],
      act: () => hufu.store.revokeClient(hufu.context.tenant, clientId('doomed'), seconds()),
      reason: 'client_revoked',
      entries: async () => [{ kind: 'client', id: 'doomed' }],
      isListed: true,
    };
  },
  'a user, by an administrator': async (who) => {
    const one = await signIn(`eli${who}`);
    const opaque = await signIn(`eli${who}`, OPAQUE);
    const { id, sub } = await userOf(`eli${who}`);
    return {
      dying: { jwt: one.text, opaque: opaque.text, child: await exchanged(one.text, DEEP), opaqueChild: await exchanged(one.text, OPAQUE) },
      living: [(await signIn(`fay${who}`)).text],
      act: () => hufu.store.revokeUser(hufu.context.tenant, id, 'revoked_by_admin', seconds()),
      reason: 'revoked_by_admin',
      entries: async () => [
        { kind: 'subject', id: createHash('sha256').update(sub).digest('base64url') },
        { kind: 'session', info: true },
        { kind: 'session', info: true },
        { kind: 'grant', id: grantOf(one.text) },
        ...[opaque, 'child', 'opaqueChild'].map(() => ({ kind: 'grant' as const })),
      ],
      isListed: true,
    };
  },
  'a user who is disabled': async (who) => {
    const one = await signIn(`gus${who}`);
    const { id } = await userOf(`gus${who}`);
    return {
      dying: { jwt: one.text, opaqueChild: await exchanged(one.text, OPAQUE) },
      living: [(await signIn(`fay${who}`)).text],
      act: () => hufu.store.setUserEnabled(hufu.context.tenant, id, false, seconds()),
      reason: 'user_disabled',
      entries: async () => [
        { kind: 'subject' },
        { kind: 'session', info: true },
        { kind: 'grant', id: grantOf(one.text) },
        { kind: 'grant' },
      ],
      isListed: true,
    };
  },
  'a user who is locked for a while': async (who) => {
    const one = await signIn(`hui${who}`);
    const { id } = await userOf(`hui${who}`);
    const end = seconds() + 3_600;
    return {
      dying: { jwt: one.text, opaque: (await signIn(`hui${who}`, OPAQUE)).text, child: await exchanged(one.text, DEEP) },
      living: [(await signIn(`fay${who}`)).text],
      act: () => hufu.store.lockUser(hufu.context.tenant, id, end, seconds()),
      reason: 'user_locked',
      entries: async () => [
        { kind: 'subject', exp: end + 300 },
        { kind: 'grant', id: grantOf(one.text) },
        { kind: 'grant' },
        { kind: 'grant' },
      ],
      isListed: true,
    };
  },
  'a device that was signed out': async (who) => {
    const one = await signIn(`ida${who}`);
    const { id } = await userOf(`ida${who}`);
    const [device] = await hufu.store.listDevices(hufu.context.tenant, id);
    assert.ok(device !== undefined);
    const elsewhere = await signIn(`ida${who}`);
    return {
      dying: { jwt: one.text, child: await exchanged(one.text, DEEP) },
      living: [elsewhere.text],
      act: () => hufu.store.removeDevice(hufu.context.tenant, id, device.id, seconds()),
      reason: 'revoked_by_user',
      entries: async () => [
        { kind: 'device', info: true },
        { kind: 'session', info: true },
        { kind: 'grant', id: grantOf(one.text) },
      ],
      isListed: true,
    };
  },
};

describe('an API that follows the revocation feed of a real server', () => {
  for (const [title, make] of Object.entries(SCENES)) {
    test(`refuses ${title}, and nothing else`, async () => {
      const followed = follow();
      await followed.follower.ready();
      const { dying, living, act, reason, entries } = await make('');
      const all = [...Object.values(dying), ...living];
      for (const token of all) assert.equal(await followed.api.outcome(token), 'live');
      const begun = await headOf();
      const asked = followed.api.asked();
      await act();
      await caughtUp(followed);
      for (const [name, token] of Object.entries(dying)) assert.equal(await followed.api.outcome(token), `revoked ${reason}`, name);
      assert.equal(followed.api.asked(), asked, 'by the feed alone');
      for (const token of living) assert.equal(await followed.api.outcome(token), 'live');
      assert.equal(followed.api.asked(), asked, 'what was said of others is still known');

      const told = await entriesAfter(begun);
      const expected = await entries();
      assert.deepEqual(
        told.map(({ kind }) => kind),
        expected.map(({ kind }) => kind),
      );
      for (const [index, entry] of expected.entries()) assert.deepEqual({ ...told[index], ...entry }, told[index]);
      assert.ok(told.every((entry) => ['session', 'device'].includes(entry.kind) || entry.reason === reason));
      const heard = followed.events.flatMap((event) =>
        (event.kind === 'revoked' || event.kind === 'info') && event.entry.seq > begun ? [event.entry] : [],
      );
      assert.deepEqual(
        heard.map(({ seq, kind, id, at, exp }) => ({ seq, kind, id, at, exp })),
        told.map(({ seq, kind, id, at, exp }) => ({ seq, kind, id, at, exp })),
      );
    });
  }

  test('lets pass what a user gets after a lock is over, and not what they had before', async () => {
    const followed = follow();
    await followed.follower.ready();
    const before = await signIn('jun');
    const { id } = await userOf('jun');
    await hufu.store.lockUser(hufu.context.tenant, id, seconds() + 3_600, seconds());
    await hufu.store.lockUser(hufu.context.tenant, id, undefined, seconds());
    await caughtUp(followed);
    assert.equal(await followed.api.outcome(before.text), 'revoked user_locked');
    const locked = seconds();
    await until('the second after the next', () => seconds() > locked + 1);
    const again = await postForm(`${hufu.issuer}/oauth/token`, {
      grant_type: 'refresh_token',
      client_id: 'spa',
      refresh_token: before.refresh,
    });
    assert.equal(again.status, 200);
    assert.equal(await followed.api.outcome(String(again.body['access_token'])), 'live');
    assert.equal(await followed.api.outcome(before.text), 'revoked user_locked');
  });

  test('refuses what a stolen key has signed, and believes the feed that another one signs', async () => {
    const followed = follow();
    await followed.follower.ready();
    const one = await signIn('kim');
    const opaque = await signIn('kim', OPAQUE);
    assert.deepEqual([await followed.api.outcome(one.text), await followed.api.outcome(opaque.text)], ['live', 'live']);
    const kid = String(readJwt(one.text)?.header['kid']);
    await hufu.context.keys.revokeKey(kid, seconds());
    await caughtUp(followed);
    assert.equal(await followed.api.outcome(one.text), 'revoked key_compromised');
    assert.equal(await followed.api.outcome(opaque.text), 'live');
    assert.equal(followed.follower.isBarred(kid), true);
    const next = await signIn('kim');
    assert.equal(await followed.api.outcome(next.text), 'live');
    await revoke(next.refresh);
    await caughtUp(followed);
    assert.equal(await followed.api.outcome(next.text), 'revoked revoked_by_client');
    // Whoever comes later reads of the key in a batch that it has not signed.
    const later = follow({ node: 'api-2' });
    await later.follower.ready();
    assert.equal(later.follower.isBarred(kid), true);
    assert.equal(await later.api.outcome(one.text), 'unknown_key');
  });
});

describe('who enforces what, as the server tells it', () => {
  test('agrees with when each follower began to refuse', async () => {
    const followed = ['ack-1', 'ack-2', 'ack-3'].map((node) => follow({ node }));
    await Promise.all(followed.map(({ follower }) => follower.ready()));
    const heard = followed.map(({ follower }) => {
      const at = new Map<number, number>();
      follower.subscribe((event) => {
        if (event.kind === 'revoked') at.set(event.entry.seq, Date.now());
      });
      return at;
    });
    const begun = await headOf();
    const tokens = await Promise.all(Array.from({ length: 30 }, () => machineToken()));
    for (const token of tokens.slice(0, 20)) await revoke(token, 'machine');
    // The third one leaves in between, and does not know of the rest.
    await Promise.all(followed.map(caughtUp));
    const leaving = followed[2]?.follower ?? assert.fail();
    await told(leaving.state().node, begun + 20, 'enforced');
    await leaving.close();
    for (const token of tokens.slice(20)) await revoke(token, 'machine');
    await Promise.all(followed.slice(0, 2).map(caughtUp));
    for (let seq = begun + 1; seq <= begun + 30; seq += 1) {
      for (const [index, { follower }] of followed.entries()) {
        const isThere = index < 2 || seq <= begun + 20;
        const { enforced_at_ms: exact, no_later_than_ms: late } = await told(follower.state().node, seq, isThere ? 'enforced' : 'not_yet');
        if (!isThere) continue;
        const at = heard[index]?.get(seq) ?? assert.fail(`${seq} was not heard`);
        const said = exact ?? late ?? assert.fail();
        // Never earlier than it was. `ago_ms` is whole, and so is our clock; what the request took makes it look later.
        assert.ok(said >= at - 5, `${seq}: it says ${at - said} ms too early`);
      }
    }
  });

  interface Told {
    readonly node: string;
    readonly state: string;
    readonly enforced_at_ms?: number;
    readonly no_later_than_ms?: number;
  }

  /** What the server says of a node, once it says `state`: followers tell it five times a second. */
  async function told(node: string, seq: number, state: string): Promise<Told> {
    const headers = { authorization: `Bearer ${await adminToken()}` };
    let found: Told | undefined;
    await until(`${node} is ${state} at ${seq}`, async () => {
      const reply = await fetch(`${hufu.issuer}/admin/v1/revocations/${seq}`, { headers });
      const { followers: all }: { readonly followers: readonly Told[] } = Object(await reply.json());
      found = all.find((each) => each.node === node);
      return found?.state === state;
    });
    return found ?? assert.fail();
  }

  let admin: Promise<string> | undefined;
  function adminToken(): Promise<string> {
    admin ??= machineToken('hufu:admin:read', 'admin');
    return admin;
  }
});

describe('a feed that is cut, stalled, late or held back on the way', () => {
  let proxy: FeedProxy;
  before(async () => {
    proxy = await startFeedProxy(hufu.issuer);
  });
  afterEach(() => {
    Object.assign(proxy, { line: 'whole', holdsStreams: false, delayMs: 0 });
  });
  after(() => proxy.stop());

  const throughProxy = (node: string): Followed => follow({ node, maxAgeSeconds: 2, endpoint: `${proxy.origin}/oauth/revocations` });

  for (const line of ['cut', 'stalled'] as const) {
    test(`${line}: past its bound it refuses, then it catches up by number and misses nothing`, async () => {
      const followed = throughProxy(`line-${line}`);
      const { follower, api, events } = followed;
      await follower.ready();
      await revoke(await machineToken(), 'machine');
      await caughtUp(followed);
      const tokens = await Promise.all(Array.from({ length: 25 }, () => machineToken()));
      for (const token of tokens) assert.equal(await api.outcome(token), 'live');
      const position = follower.state().position;
      const asked = proxy.asked.filter(({ query }) => query.get('node') === follower.state().node).length;
      proxy.line = line;
      if (line === 'cut') proxy.sever();
      for (const token of tokens.slice(1)) await revoke(token, 'machine');
      // It has not heard; until its bound is over it may say so of what it knew.
      await until('not fresh', () => !follower.isFresh());
      assert.ok(follower.state().ageMs > 2_000);
      assert.equal(follower.state().position, position);
      for (const token of tokens) assert.equal(await api.outcome(token), 'revocations_unknown');
      proxy.line = 'whole';
      await caughtUp(followed);
      assert.equal(await api.outcome(tokens[0] ?? ''), 'live');
      for (const token of tokens.slice(1)) assert.equal(await api.outcome(token), 'revoked revoked_by_client');
      const numbers = events.flatMap((event) => (event.kind === 'revoked' ? [event.entry.seq] : []));
      assert.deepEqual(
        numbers.filter((seq) => seq > position),
        Array.from({ length: 24 }, (_, index) => position + index + 1),
      );
      assert.ok(!events.some(({ kind }) => kind === 'epoch_changed'));
      // By its number, not from the beginning; or on the connection that it had, where that has survived.
      const again = proxy.asked.filter(({ query }) => query.get('node') === follower.state().node).slice(asked);
      assert.ok(again.every(({ query }) => Number(query.get('after')) >= position));
    });
  }

  test('late: what it knows looks as old as it is at least, and past its bound it refuses', async () => {
    proxy.delayMs = 700;
    const followed = throughProxy('late');
    await followed.follower.ready();
    const token = await machineToken();
    for (let round = 0; round < 5; round += 1) {
      assert.ok(followed.follower.state().ageMs >= 700);
      await sleep(100);
    }
    await revoke(token, 'machine');
    await caughtUp(followed);
    assert.equal(await followed.api.outcome(token), 'revoked revoked_by_client');
    const later = await machineToken();
    proxy.delayMs = 2_300;
    await until('not fresh', () => !followed.follower.isFresh());
    assert.equal(await followed.api.outcome(later), 'revocations_unknown');
    const { position } = followed.follower.state();
    await revoke(later, 'machine');
    // It hears, late, and takes it; it does not take that for news of now.
    await until('it hears', () => followed.follower.state().position > position);
    assert.equal(followed.follower.isFresh(), false);
    assert.equal(await followed.api.outcome(later), 'revoked revoked_by_client');
  });

  test('held back: it asks again and again instead of listening, and is as fresh', async () => {
    proxy.holdsStreams = true;
    const followed = throughProxy('held');
    await followed.follower.ready();
    await until('it polls', () => followed.follower.state().mode === 'poll' && followed.follower.isFresh());
    const token = await machineToken();
    assert.equal(await followed.api.outcome(token), 'live');
    const before = proxy.asked.length;
    await revoke(token, 'machine');
    await until('it is revoked', async () => (await followed.api.outcome(token)) !== 'live');
    assert.equal(await followed.api.outcome(token), 'revoked revoked_by_client');
    await caughtUp(followed);
    const since = proxy.asked.slice(before).filter(({ method }) => method === 'GET');
    assert.ok(since.every(({ isStream, query }) => !isStream && query.has('wait')));
  });
});

describe('an API that reads the status lists of a real server', () => {
  for (const [title, make] of Object.entries(SCENES)) {
    test(`${title}`, async () => {
      let passed = 0;
      const lists = statusLists({ issuer: hufu.issuer, monotonicMs: () => systemClock.monotonicMs() + passed });
      const api = apiWith(lists);
      const { dying, living, act, isListed } = await make('2');
      for (const token of [...Object.values(dying), ...living]) assert.equal(await api.outcome(token), 'live');
      await act();
      const word = title.includes('locked') ? 'revoked suspended' : 'revoked invalid';
      const first = Object.values(dying)[0] ?? '';
      // As long as a list is good for, what it said stands; the server shows the same one for a second.
      if (isListed)
        await until(`${title} is listed`, async () => {
          passed += 15_000;
          return (await api.outcome(first)) !== 'live';
        });
      else passed += 20_000;
      for (const [name, token] of Object.entries(dying)) assert.equal(await api.outcome(token), isListed ? word : 'live', name);
      for (const token of living) assert.equal(await api.outcome(token), 'live');
    });
  }
});
