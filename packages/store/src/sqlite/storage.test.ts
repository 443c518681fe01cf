import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import {
  bench,
  DAY,
  HOUR,
  hashText,
  makeGrant,
  makeScene,
  NOW,
  opening,
  someCode,
  someRedemption,
  someSession,
} from '../contract/bench.ts';
import { someChallenge } from '../contract/challenges.ts';
import { LIMITS, someApproval, someDevice } from '../contract/pending-bench.ts';
import { openSqlite } from './open.ts';

/** Each grant so often; a million rotations in all with `npm run test:long`. */
const ROTATIONS = (process.env['HUFU_LONG'] ?? '') === '' ? 100 : 1_000;

test('a thousand grants that rotate a hundred times each, or a thousand times, take no more room', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hufu-store-'));
  const path = join(directory, 'hufu.db');
  const store = await openSqlite(path);
  const b = await bench({ store, countRows: async () => 0, close: async () => await store.close() });
  const scene = await makeScene(b);
  const ids = await Promise.all(
    Array.from({ length: 1000 }, async () => await makeGrant(b, scene, { maxCodes: 1000 }, { maxGrants: 1000 })),
  );
  const [first] = ids;
  assert.ok(first !== undefined);
  const rotate = async (from: number, to: number): Promise<number> => {
    for (let generation = from; generation < to; generation += 1) {
      await Promise.all(ids.map(async (id) => await store.rotate(b.tenant, id, generation, 1, NOW + generation)));
    }
    return pages(path);
  };
  // From the second rotation on, generation and time have the width that they keep.
  const before = await rotate(1, 3);
  assert.equal(await rotate(3, ROTATIONS + 1), before);
  assert.equal((await store.findGrant(b.tenant, first))?.generation, ROTATIONS + 1);
  await store.close();
  const size = statSync(path).size;
  assert.ok(size < 1000 * 1024, `${size} bytes for a thousand grants`);
  rmSync(directory, { recursive: true });
});

test('codes that come and go take no more room', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hufu-store-'));
  const path = join(directory, 'hufu.db');
  const store = await openSqlite(path);
  const b = await bench({ store, countRows: async () => 0, close: async () => await store.close() });
  const scene = await makeScene(b);
  const sizes: number[] = [];
  for (let hour = 0; hour < 12; hour += 1) {
    const now = NOW + hour * HOUR;
    await Promise.all(
      Array.from({ length: 500 }, async () => {
        const made = await store.createGrant(b.tenant, someCode(scene, { expiresAt: now + 60, maxCodes: 1000 }), now);
        assert.equal(made.kind, 'created');
        await store.exchangeCode(b.tenant, made.id, someRedemption({ expiresAt: now + 600, maxGrants: 1000 }), now);
      }),
    );
    sizes.push(pages(path));
  }
  const [first = 0, second = 0] = sizes;
  assert.ok(Math.max(...sizes) <= Math.max(2 * first, second) + 20, sizes.join(' '));
  assert.ok((sizes.at(-1) ?? 0) <= (sizes.at(4) ?? 0) + 10, sizes.join(' '));
  await store.close();
  rmSync(directory, { recursive: true });
});

test('sessions that come and go with their participants and deliveries take no more room', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hufu-store-'));
  const path = join(directory, 'hufu.db');
  const store = await openSqlite(path);
  const b = await bench({ store, countRows: async () => 0, close: async () => await store.close() });
  const scene = await makeScene(b);
  const sizes: number[] = [];
  for (let turn = 0; turn < 48; turn += 1) {
    const now = NOW + Math.floor(turn / 4) * 7 * DAY + turn;
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        const opened = await store.openSession(b.tenant, someSession(scene.user, { expiresAt: now + DAY }), opening(scene.user), now);
        assert.ok(opened.kind === 'opened');
        const participation = { sid: `${now} ${index}`, backchannel: true };
        const code = someCode(scene, { sessionId: opened.session.id, expiresAt: now + 60, maxCodes: 1000, participation });
        assert.equal((await store.createGrant(b.tenant, code, now)).kind, 'created');
        await store.endSession(b.tenant, opened.session.id, 'signed_out', now);
        // Every other one is delivered, the rest dies and is looked at for a month.
        for (const { id, attempt } of await store.takeDeliveries(b.tenant, 1, 60, now))
          await store.settleDelivery(
            b.tenant,
            id,
            attempt,
            id % 2 === 0 ? { kind: 'delivered' } : { kind: 'failed', error: 'HTTP 500', dueAt: undefined },
            now,
          );
      }),
    );
    sizes.push(pages(path));
  }
  assert.ok((sizes.at(-1) ?? 0) <= (sizes.at(27) ?? 0) + 10, sizes.join(' '));
  await store.close();
  rmSync(directory, { recursive: true });
});

test('pushed requests and pending authorizations that come and go take no more room', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hufu-store-'));
  const path = join(directory, 'hufu.db');
  const store = await openSqlite(path);
  const b = await bench({ store, countRows: async () => 0, close: async () => await store.close() });
  const scene = await makeScene(b);
  const sizes: number[] = [];
  for (let day = 0; day < 12; day += 1) {
    const now = NOW + day * 2 * DAY;
    await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const pushed = {
          secretHash: hashText('secret'),
          clientId: scene.client.clientId,
          parameters: 'x'.repeat(2000),
          boundKey: undefined,
        };
        await store.pushRequest(b.tenant, { ...pushed, createdAt: now, expiresAt: now + 60 }, now);
        const pending = someDevice({ userCodeHash: hashText(`${day}-${index}-`), expiresAt: now + 600 });
        const asked = await store.openPending(b.tenant, pending, LIMITS, now);
        assert.ok(asked.kind === 'opened');
        await store.notePoll(b.tenant, asked.id, now);
        const approval = someApproval(scene, { expiresAt: now + 600, maxCodes: 1000 });
        assert.equal((await store.approvePending(b.tenant, asked.id, approval, now)).kind, 'approved');
      }),
    );
    sizes.push(pages(path));
  }
  assert.ok((sizes.at(-1) ?? 0) <= (sizes.at(4) ?? 0) + 10, sizes.join(' '));
  await store.close();
  rmSync(directory, { recursive: true });
});

test('tries, challenges, mails and events that come and go take no more room', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'hufu-store-'));
  const path = join(directory, 'hufu.db');
  const store = await openSqlite(path);
  const b = await bench({ store, countRows: async () => 0, close: async () => await store.close() });
  const { user } = await makeScene(b);
  const sizes: number[] = [];
  for (let week = 0; week < 12; week += 1) {
    const now = NOW + week * 8 * DAY;
    await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const address = `${week}-${index}@example.com`;
        await store.takeTry(b.tenant, 'mail_code', address, 5, HOUR, now);
        const challenge = someChallenge({ userId: user.id, address, expiresAt: now + HOUR });
        const { id } = await store.openChallenge(b.tenant, challenge, now);
        await store.answerChallenge(b.tenant, id, { kind: 'code', hash: hashText('code') }, 5, now);
        await store.putMail(b.tenant, 'x'.repeat(4000), now + HOUR, now);
        // Every other one is sent, the rest is given up.
        for (const mail of await store.takeMails(b.tenant, 1, 60, now)) {
          const failed = { kind: 'failed', error: '550', dueAt: undefined } as const;
          await store.settleMail(b.tenant, mail.id, mail.attempt, mail.id % 2 === 0 ? { kind: 'sent' } : failed, now);
        }
        await store.addUserEvent(b.tenant, user.id, 'signed_in', { index }, now);
      }),
    );
    sizes.push(pages(path));
  }
  assert.ok((sizes.at(-1) ?? 0) <= (sizes.at(6) ?? 0) + 10, sizes.join(' '));
  await store.close();
  rmSync(directory, { recursive: true });
});

/** As a reader sees it: with what is still in the log, and without the audit log, which is to grow. */
function pages(path: string): number {
  const db = new DatabaseSync(path);
  const count = Number(db.prepare('PRAGMA page_count').get()?.['page_count']);
  const audit = Number(db.prepare("SELECT count(*) AS pages FROM dbstat WHERE name LIKE 'audit%'").get()?.['pages']);
  db.close();
  return count - audit;
}
