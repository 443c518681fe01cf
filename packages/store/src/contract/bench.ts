/** What the cases of the contract stand on: a store, a second one on the same database, and the making of ordinary things. */
import assert from 'node:assert/strict';
import { type ClientId, clientId, type GrantId, type SessionId, type TenantId, type UserId } from '@hufu/protocol/ids';
import type {
  AccessCredential,
  ClientRecord,
  CodeCredential,
  Exchanged,
  GrantRecord,
  NewGrant,
  NewSession,
  OpenConditions,
  Redemption,
  SeenDevice,
  SessionRecord,
  Store,
  Taken,
  UserRecord,
} from '../port.ts';

export interface StoreUnderTest {
  readonly store: Store;
  /** Another instance on the same database, where the adapter has such a thing. */
  readonly second?: Store | undefined;
  /** Rows in a table of the schema, over all tenants. */
  countRows(table: string): Promise<number>;
  /** A statement of the version before, which knows nothing of what is new. */
  readonly changeRows?: ((sql: string) => Promise<unknown>) | undefined;
  /** Closes both stores and removes the database. */
  close(): Promise<void>;
}

export type OpenStore = () => Promise<StoreUnderTest>;
export type Case = (title: string, run: (bench: Bench) => Promise<void>) => void;

/** The time at which every case begins. */
export const NOW = 1_800_000_000;
export const HOUR = 3600;
export const DAY = 86_400;

export interface Bench {
  readonly store: Store;
  /** `store` itself where there is no second instance. */
  readonly second: Store;
  readonly tenant: TenantId;
  readonly otherTenant: TenantId;
  countRows(table: string): Promise<number>;
  changeRows(sql: string): Promise<void>;
}

export async function bench(subject: StoreUnderTest): Promise<Bench> {
  const { store, second } = subject;
  const tenant = await store.ensureTenant('default');
  const other = await store.ensureTenant('other');
  return {
    store,
    second: second ?? store,
    tenant: tenant.id,
    otherTenant: other.id,
    countRows: async (table) => await subject.countRows(table),
    changeRows: async (sql) => {
      assert.ok(subject.changeRows !== undefined);
      await subject.changeRows(sql);
    },
  };
}

/** A text of 43 base64url characters, as hashes are. */
export function hashText(seed: string | number): string {
  return `${seed}`.padEnd(43, 'A');
}

export const APP: ClientId = clientId('app');

export function someClient(id: ClientId = APP): Omit<ClientRecord, 'epoch' | 'version' | 'createdAt'> {
  return {
    clientId: id,
    metadata: { redirect_uris: ['https://app.example/cb'], hufu: { trusted: true } },
    secrets: [{ hash: hashText('secret'), createdAt: NOW, expiresAt: 0 }],
    enabled: true,
    source: 'config',
    registrationHash: undefined,
  };
}

export async function makeUser(b: Bench, username = 'ada', tenant: TenantId = b.tenant): Promise<UserRecord> {
  const made = await b.store.createUser(
    tenant,
    { sub: `sub-${username}`, username, passwordHash: '$argon2id$1', claims: { name: username } },
    NOW,
  );
  assert.equal(made.kind, 'created');
  return made.user;
}

/** Each at a browser of its own. */
export function someSession(user: UserRecord, more: Partial<NewSession> = {}): NewSession {
  return {
    userId: user.id,
    secretHash: hashText('cookie'),
    authTime: NOW,
    amr: ['pwd'],
    methods: [{ method: 'password', at: NOW }],
    expiresAt: NOW + DAY,
    userAgent: 'Browser/1',
    fingerprint: undefined,
    place: undefined,
    device: someBrowser(),
    ...more,
  };
}

export function someBrowser(more: Partial<SeenDevice> = {}): SeenDevice {
  browsers += 1;
  return {
    browserHash: hashText(`browser-${process.pid}-${browsers}-`),
    name: 'Browser on Linux',
    type: 'desktop',
    agent: 'Browser 1 on Linux',
    ...more,
  };
}

let browsers = 0;

/** As at a browser that nobody is signed in at, or in place of a session. */
export function opening(user: UserRecord, replaces?: SessionId, more: Partial<OpenConditions> = {}): OpenConditions {
  return { authVersion: user.authVersion, replaces, stepsUp: false, limit: undefined, signsOut: [], ...more };
}

export async function makeSession(b: Bench, user: UserRecord, tenant: TenantId = b.tenant): Promise<SessionRecord> {
  const opened = await b.store.openSession(tenant, someSession(user), opening(user), NOW);
  assert.equal(opened.kind, 'opened');
  return opened.session;
}

/** A user with a session and a client: what most cases begin with. */
export interface Scene {
  readonly user: UserRecord;
  readonly session: SessionRecord;
  readonly client: ClientRecord;
}

export async function makeScene(b: Bench, tenant: TenantId = b.tenant, username = 'ada'): Promise<Scene> {
  const client = await b.store.putClient(tenant, someClient(), NOW);
  const user = await makeUser(b, username, tenant);
  return { user, session: await makeSession(b, user, tenant), client };
}

type Change<Credential> = Partial<Omit<NewGrant, 'credential'>> & Partial<Omit<Credential, 'kind'>>;

/** What a case wants otherwise in a code. */
export type CodeChange = Change<CodeCredential>;

export function someCode(scene: Scene, change: CodeChange = {}): NewGrant {
  const { codeHash, codeRequest, maxCodes, ...more } = change;
  return {
    ...someGrant(scene),
    credential: {
      kind: 'code',
      codeHash: codeHash ?? hashText('code'),
      codeRequest: codeRequest ?? { redirect_uri: 'https://app.example/cb', nonce: 'n' },
      maxCodes: maxCodes ?? 50,
    },
    ...more,
  };
}

/** An access token from the authorization endpoint. */
export function someAccess(scene: Scene, change: Change<AccessCredential> = {}): NewGrant {
  const { accessHash, maxGrants, ...more } = change;
  return {
    ...someGrant(scene),
    credential: { kind: 'access_token', accessHash: accessHash ?? hashText('front'), maxGrants: maxGrants ?? 100 },
    ...more,
  };
}

function someGrant(scene: Scene): Omit<NewGrant, 'credential'> {
  return {
    userId: scene.user.id,
    subject: scene.user.sub,
    clientId: scene.client.clientId,
    sessionId: scene.session.id,
    scopes: ['openid', 'email'],
    resources: ['https://api.example'],
    authTime: NOW,
    amr: ['pwd', 'otp'],
    offline: false,
    claims: undefined,
    keyId: 7,
    expiresAt: NOW + 60,
    needsConsent: false,
    participation: undefined,
  };
}

export async function makeCode(b: Bench, scene: Scene, more: CodeChange = {}, now: number = NOW): Promise<GrantId> {
  const made = await b.store.createGrant(b.tenant, someCode(scene, more), now);
  assert.equal(made.kind, 'created');
  return made.id;
}

export function someRedemption(more: Partial<Redemption> = {}): Redemption {
  return {
    secretHash: hashText('holder'),
    accessHash: hashText('access'),
    keyId: 8,
    expiresAt: NOW + 30 * DAY,
    idleSeconds: 0,
    maxGrants: 100,
    ...more,
  };
}

/** A code that was exchanged: a grant of generation 1. */
export async function makeGrant(b: Bench, scene: Scene, code: CodeChange = {}, redemption: Partial<Redemption> = {}): Promise<GrantId> {
  const id = await makeCode(b, scene, code);
  const taken = await b.store.exchangeCode(b.tenant, id, someRedemption(redemption), NOW);
  assert.equal(taken.kind, 'taken');
  return id;
}

/** What an exchange or a rotation says of its grant. */
export function grantOf(answer: Exchanged | Taken): GrantRecord | undefined {
  return answer.kind === 'refused' ? undefined : answer.grant;
}

/** The grant, which must be there. */
export async function mustFind(b: Bench, id: GrantId): Promise<GrantRecord> {
  const grant = await b.store.findGrant(b.tenant, id);
  assert.ok(grant !== undefined, `grant ${id} is not there`);
  return grant;
}

export async function deathOf(b: Bench, id: GrantId): Promise<string | undefined> {
  return (await mustFind(b, id)).dead?.reason;
}

/** Fifty at once, half of them through each store. */
export async function race<T>(b: Bench, act: (store: Store, index: number) => Promise<T>): Promise<T[]> {
  return await Promise.all(Array.from({ length: 50 }, (_, index) => act(index % 2 === 0 ? b.store : b.second, index)));
}

export function countKinds(answers: readonly { readonly kind: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of answers) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** A new password under the version that the user has at this moment. */
export async function setPassword(
  b: Bench,
  user: UserId,
  keep: SessionId | undefined,
  now: number = NOW,
  revokes: 'all' | 'others' = 'all',
  store: Store = b.store,
): Promise<string> {
  const version = (await store.findUser(b.tenant, user))?.authVersion ?? 0;
  return (await store.changePassword(b.tenant, user, version, 'new', { session: keep, revokes }, now)).kind;
}
