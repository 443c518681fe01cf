import assert from 'node:assert/strict';
import { clientId, type GrantId, grantId } from '@hufu/protocol/ids';
import type { GrantOutline, GrantRecord } from '../port.ts';
import { MAX_LINEAGE } from '../retention.ts';
import { APP, type Bench, type Case, DAY, makeGrant, makeScene, NOW, type Scene, someAccess, someClient } from './bench.ts';

/** What has come from a grant, read and counted at once. */
export function descendantCases(define: Case): void {
  define('what comes from a grant is listed level by level, each as it is when it is looked for by itself', async (b) => {
    const { root, a, tree } = await makeTree(b);
    const listed = await b.second.listDescendants(b.tenant, root, 100);
    assert.deepEqual(
      listed.map(({ id, clientId: client, parentId }) => [id, client, parentId]),
      tree,
    );
    await assertAlike(b, root);
    await assertAlike(b, a);
    for (const limit of [1, 3, 4])
      assert.deepEqual(
        (await b.store.listDescendants(b.tenant, root, limit)).map(({ id }) => id),
        tree.slice(0, limit).map(([id]) => id),
      );
    assert.deepEqual(await b.store.listDescendants(b.otherTenant, root, 100), []);
    assert.deepEqual(await b.store.listDescendants(b.tenant, grantId(1_000_000), 100), []);
  });

  define('as many grants as may stand in one line are all found from the first', async (b) => {
    const scene = await makeScene(b);
    const line = [await makeGrant(b, scene)];
    while (line.length < MAX_LINEAGE) line.push(await make(b, scene, line.at(-1) ?? grantId(1)));
    const [root = grantId(1), ...rest] = line;
    const listed = await b.store.listDescendants(b.tenant, root, 100);
    assert.deepEqual(
      listed.map(({ id }) => id),
      rest,
    );
    assert.deepEqual(await b.store.countDescendants(b.tenant, root, 100, NOW), { grants: rest.length, isCapped: false });
    await assertAlike(b, root);
  });

  for (const [what, end, left] of ENDS)
    define(`those that come from a grant are told and counted as what they are after ${what}`, async (b) => {
      const made = await makeTree(b);
      assert.deepEqual(await b.store.countDescendants(b.tenant, made.root, 100, NOW), { grants: 7, isCapped: false });
      await end(b, made);
      await assertAlike(b, made.root);
      await assertAlike(b, made.a);
      assert.deepEqual(await b.second.countDescendants(b.tenant, made.root, 100, NOW + 8), { grants: left, isCapped: false });
    });

  define('those that would end with a grant are counted up to a limit; the expired and the idle are over already', async (b) => {
    const { root, scene, tree } = await makeTree(b);
    const count = async (limit: number, now: number): Promise<readonly [number, boolean]> => {
      const { grants, isCapped } = await b.store.countDescendants(b.tenant, root, limit, now);
      return [grants, isCapped];
    };
    assert.deepEqual(await count(tree.length, NOW), [7, false]);
    assert.deepEqual(await count(6, NOW), [6, true]);
    assert.deepEqual(await count(1, NOW), [1, true]);
    await makeGrant(b, scene, { parentId: root }, { idleSeconds: 60 });
    await make(b, scene, root, { expiresAt: NOW + 60 });
    assert.deepEqual(await count(100, NOW + 59), [9, false]);
    assert.deepEqual(await count(100, NOW + 60), [7, false]);
    const other = await b.store.countDescendants(b.otherTenant, root, 100, NOW);
    assert.deepEqual(other, { grants: 0, isCapped: false });
  });
}

interface Tree {
  readonly scene: Scene;
  readonly root: GrantId;
  readonly a: GrantId;
  readonly middle: GrantId;
  /** All but the root, level by level. */
  readonly tree: readonly (readonly [id: GrantId, client: string, parent: GrantId])[];
}

const GUEST = clientId('guest');

/** Seven grants below one: two of them of a client of its own, and what comes from one of those. */
async function makeTree(b: Bench): Promise<Tree> {
  const scene = await makeScene(b);
  const guest = { ...scene, client: await b.store.putClient(b.tenant, { ...someClient(GUEST), source: 'registered' }, NOW) };
  const root = await makeGrant(b, scene);
  const [a, c] = [await make(b, scene, root), await make(b, guest, root)];
  const below = await make(b, scene, a);
  const middle = await make(b, guest, a);
  const ofMiddle = await make(b, scene, middle);
  const last = await make(b, scene, root);
  const leaf = await make(b, scene, c);
  await makeGrant(b, scene);
  const tree = [
    [a, APP, root],
    [c, GUEST, root],
    [last, APP, root],
    [below, APP, a],
    [middle, GUEST, a],
    [leaf, APP, c],
    [ofMiddle, APP, middle],
  ] as const;
  return { scene, root, a, middle, tree };
}

/** What was done, and how many of the seven live afterwards. */
const ENDS: readonly (readonly [what: string, end: (b: Bench, made: Tree) => Promise<unknown>, left: number])[] = [
  ['the first is revoked', async (b, { root }) => await b.store.revokeGrant(b.tenant, root, 'revoked_by_admin', NOW + 7), 0],
  ['one of them is revoked', async (b, { middle }) => await b.store.revokeGrant(b.tenant, middle, 'revoked_by_admin', NOW + 7), 5],
  [
    'two of a line are revoked',
    async (b, { middle, a }) => {
      await b.store.revokeGrant(b.tenant, a, 'revoked_by_user', NOW + 7);
      await b.store.revokeGrant(b.tenant, middle, 'revoked_by_admin', NOW + 3);
    },
    3,
  ],
  ['a client of theirs is revoked', async (b) => await b.store.revokeClient(b.tenant, GUEST, NOW + 7), 3],
  ['a client of theirs is removed', async (b) => await b.store.removeClient(b.tenant, GUEST, NOW + 7), 3],
  // Those of the client rest, and so does what comes from them.
  ['a client of theirs is disabled', async (b) => await b.store.putClient(b.tenant, { ...someClient(GUEST), enabled: false }, NOW + 7), 5],
  ['their user is locked', async (b, { scene }) => await b.store.lockUser(b.tenant, scene.user.id, NOW + DAY, NOW + 7), 7],
  ['their user is disabled', async (b, { scene }) => await b.store.setUserEnabled(b.tenant, scene.user.id, false, NOW + 7), 0],
];

/** Every one of them is told as `findGrant` tells it. */
async function assertAlike(b: Bench, root: GrantId): Promise<void> {
  for (const { id, outline } of await b.store.listDescendants(b.tenant, root, 100)) {
    const grant = await b.second.findGrant(b.tenant, id);
    assert.deepEqual(outline, grant === undefined ? undefined : outlineOf(grant));
  }
}

function outlineOf(grant: GrantRecord): GrantOutline {
  const { subject, actor, scopes, createdAt, expiresAt, idleSeconds, rotatedAt, generation, dead, suspendedUntil } = grant;
  return { subject, actor, scopes, createdAt, expiresAt, idleSeconds, rotatedAt, generation, dead, suspendedUntil };
}

async function make(b: Bench, scene: Scene, parentId: GrantId, change: Parameters<typeof someAccess>[1] = {}): Promise<GrantId> {
  const made = await b.store.createGrant(b.tenant, someAccess(scene, { parentId, expiresAt: NOW + DAY, ...change }), NOW);
  assert.equal(made.kind, 'created');
  return made.id;
}
