/** What the cases of the contract stand on: a store, a second one on the same database, and the making of ordinary things. */
import assert from 'node:assert/strict';
import { type ClientId, clientId, type GrantId, type TenantId } from '@hufu/protocol/ids';
import type {
  AccessCredential,
  ClientRecord,
  CodeCredential,
  GrantRecord,
  NewGrant,
  Redemption,
  SessionRecord,
  Store,
  UserRecord,
} from '../port.ts';

export interface StoreUnderTest {
  readonly store: Store;
  /** Another instance on the same database, where the adapter has such a thing. */
  readonly second?: Store | undefined;
  /** Rows in a table of the schema, over all tenants. */
  countRows(table: string): Promise<number>;
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

export function someSession(user: UserRecord): Omit<SessionRecord, 'id' | 'endedAt' | 'createdAt'> {
  return { userId: user.id, secretHash: hashText('cookie'), authTime: NOW, amr: ['pwd'], expiresAt: NOW + DAY, userAgent: 'Browser/1' };
}

export async function makeSession(b: Bench, user: UserRecord, tenant: TenantId = b.tenant): Promise<SessionRecord> {
  const opened = await b.store.openSession(tenant, someSession(user), undefined, NOW);
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
