/** What somebody who can write to the database can do to the audit log, on both engines: each is named, with its place. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, test } from 'node:test';
import { clientId } from '@hufu/protocol/ids';
import { actingAs } from '@hufu/server/audit/acting';
import { exportAudit } from '@hufu/server/audit/export-audit';
import { auditSealer } from '@hufu/server/audit/sealer';
import { verifyExport, verifyStore } from '@hufu/server/audit/verify-audit';
import { systemClock } from '@hufu/server/clock';
import { readConfig } from '@hufu/server/config/read-config';
import type { Context } from '@hufu/server/context';
import { jsonLog } from '@hufu/server/log';
import { openContext } from '@hufu/server/open-context';
import { openStore } from '@hufu/store/open';
import pg from 'pg';
import { testPostgres } from '../../scripts/provision/postgres.mjs';
import { ENGINES, type Engine, freshDatabase } from '../support/databases.ts';

// One cluster for all of them.
const cluster = await testPostgres();
after(async () => await cluster.stop());

interface Log {
  readonly ctx: Context;
  readonly lines: string[];
  seal(): Promise<void>;
  sql(...statements: string[]): Promise<void>;
  /** The places and kinds that the store's verification and that of an export name. */
  faults(): Promise<{ store: string[]; file: string[]; fileAlone: string[] }>;
  exported(): Promise<string[]>;
}

/** Twelve changes with a checkpoint after six and after twelve. */
async function withLog(engine: Engine, act: (log: Log) => Promise<void>): Promise<void> {
  const database = await freshDatabase(engine);
  const folder = mkdtempSync(join(tmpdir(), 'hufu-audit-'));
  const store = await openStore(database.url);
  const lines: string[] = [];
  try {
    const config = readConfig({ text: `issuer: https://id.example\ndata_dir: ${folder}\nclients: []\n`, file: 'a.yaml', env: {} });
    const clock = systemClock();
    const ctx = await openContext({ config, store, clock, log: jsonLog((line) => lines.push(line), clock.nowMs), masterKey: undefined });
    const sealer = auditSealer(ctx);
    const change = async (index: number): Promise<void> => {
      const admin = actingAs(ctx, { actor: { kind: 'admin', id: 'boss' }, requestId: `r${index}` });
      const client = {
        clientId: clientId(`c${index}`),
        metadata: {},
        secrets: [],
        enabled: true,
        source: 'admin',
        registrationHash: undefined,
      } as const;
      await admin.putClient(ctx.tenant, client, 1);
      await sealer.seal('due');
    };
    // What opening has written (keys) comes first.
    await sealer.seal('now');
    for (let index = 0; index < 6; index += 1) await change(index);
    await sealer.seal('now');
    for (let index = 6; index < 12; index += 1) await change(index);
    await sealer.seal('now');
    const exported = async (): Promise<string[]> => await toList(exportAudit(ctx, 0));
    await act({
      ctx,
      lines,
      exported,
      seal: async () => void (await sealer.seal('due')),
      sql: async (...statements) => await runSql(database.url, statements),
      async faults() {
        const told = ({ faults }: { readonly faults: readonly { readonly seq: number; readonly kind: string }[] }): string[] =>
          faults.map(({ seq, kind }) => `${seq} ${kind}`);
        const text = await exported();
        return {
          store: told(await verifyStore(ctx)),
          file: told(await verifyExport(stream(text), { mac: ctx.signAudit })),
          fileAlone: told(await verifyExport(stream(text))),
        };
      },
    });
    await ctx.passwords.close();
  } finally {
    await store.close();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function toList(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

async function* stream(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

async function runSql(url: string, statements: readonly string[]): Promise<void> {
  if (url.startsWith('sqlite:')) {
    const db = new DatabaseSync(url.slice('sqlite:'.length));
    for (const sql of statements) db.exec(sql);
    db.close();
    return;
  }
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  for (const sql of statements) await client.query(sql);
  await client.end();
}

for (const engine of ENGINES) {
  describe(`the audit log on ${engine} and somebody who writes to the database (attacks ADM-12)`, () => {
    test('untouched it has no faults, in the store and in an export, with the master key and without', async () => {
      await withLog(engine, async ({ ctx, faults }) => {
        assert.deepEqual(await faults(), { store: [], file: [], fileAlone: [] });
        const head = await ctx.store.readAuditHead(ctx.tenant);
        const verdict = await verifyStore(ctx, { known: [{ seq: head.seq, hash: head.hash }] });
        assert.deepEqual([verdict.to, verdict.vouchedTo, verdict.checkpoints], [head.seq, head.seq, 3]);
      });
    });

    test('one byte flipped is named', async () => {
      await withLog(engine, async ({ ctx, sql, faults }) => {
        const { seq } = await ctx.store.readAuditHead(ctx.tenant);
        await sql(`UPDATE audit_log SET target_id = 'd9' WHERE seq = ${seq - 2}`);
        assert.deepEqual(await faults(), {
          store: [`${seq - 2} mac`, `${seq - 2} altered`],
          file: [`${seq - 2} mac`, `${seq - 2} altered`],
          fileAlone: [`${seq - 2} altered`],
        });
      });
    });

    test('a row deleted is named, also the first and the last', async () => {
      await withLog(engine, async ({ ctx, sql, faults }) => {
        const { seq } = await ctx.store.readAuditHead(ctx.tenant);
        await sql(`DELETE FROM audit_log WHERE seq IN (1, ${seq - 3})`);
        assert.deepEqual((await faults()).fileAlone, ['1 missing', `${seq - 3} missing`]);
        assert.deepEqual((await faults()).store, ['1 missing', `${seq - 3} missing`]);
        await sql(`DELETE FROM audit_log WHERE seq = ${seq}`);
        assert.deepEqual((await faults()).store.slice(2), [`${seq} tail`, `${seq} head`]);
        assert.deepEqual((await faults()).fileAlone.slice(2), [`${seq} tail`]);
      });
    });

    test('two rows swapped are named', async () => {
      await withLog(engine, async ({ ctx, sql, faults }) => {
        const { seq } = await ctx.store.readAuditHead(ctx.tenant);
        const [one, other] = [seq - 7, seq - 2];
        await sql(
          `UPDATE audit_log SET seq = 999 WHERE seq = ${one}`,
          `UPDATE audit_log SET seq = ${one} WHERE seq = ${other}`,
          `UPDATE audit_log SET seq = ${other} WHERE seq = 999`,
        );
        for (const named of Object.values(await faults())) assert.equal(named[0], `${one} swapped`);
      });
    });

    test('an entry that was invented is named, in the log and before it is sealed', async () => {
      await withLog(engine, async ({ ctx, sql, seal, faults }) => {
        const { seq } = await ctx.store.readAuditHead(ctx.tenant);
        const columns = 'at_ms, actor_kind, actor_id, via, request_id, action, target_kind, target_id, details, mac';
        await sql(
          `INSERT INTO audit_inbox (tenant, id, ${columns}) SELECT tenant, id + 100000, ${columns} FROM audit_log WHERE seq = ${seq}`,
        );
        await seal();
        assert.deepEqual((await faults()).store, [`${seq + 1} mac`]);
        // An entry of the server once more, as it was.
        await sql(`INSERT INTO audit_inbox (tenant, id, ${columns}) SELECT tenant, id, ${columns} FROM audit_log WHERE seq = ${seq}`);
        await seal();
        assert.deepEqual((await faults()).store, [`${seq + 1} mac`, `${seq + 2} repeated`]);
        assert.deepEqual((await faults()).fileAlone, [`${seq + 2} repeated`]);
      });
    });

    test('what waits to be sealed and is changed is named', async () => {
      await withLog(engine, async ({ ctx, sql, seal, faults }) => {
        await actingAs(ctx, { actor: { kind: 'admin', id: 'boss' } }).revokeClient(ctx.tenant, clientId('c1'), 1);
        await sql("UPDATE audit_inbox SET actor_id = 'somebody else'");
        const { seq } = await ctx.store.readAuditHead(ctx.tenant);
        await seal();
        assert.deepEqual((await faults()).store, [`${seq + 1} mac`]);
      });
    });

    test('a checkpoint that is replaced, or taken from elsewhere, is named', async () => {
      await withLog(engine, async ({ ctx, sql, faults }) => {
        const { seq, hash, checkpoint } = await ctx.store.readAuditHead(ctx.tenant);
        await sql(
          `UPDATE audit_checkpoints SET jws = '${(checkpoint?.jws ?? '').replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'))}' WHERE seq = ${seq}`,
        );
        for (const named of Object.values(await faults())) assert.deepEqual(named, [`${seq} signature`]);
        await sql(`UPDATE audit_checkpoints SET jws = '${checkpoint?.jws}', seq = ${seq - 1}, hash = '${hash}' WHERE seq = ${seq}`);
        for (const named of Object.values(await faults())) assert.deepEqual(named, [`${seq - 1} signature`]);
      });
    });

    test('a checkpoint that is put there before its time keeps back none of the server’s: that, too, is said at once', async () => {
      await withLog(engine, async ({ ctx, lines, sql, faults }) => {
        const { seq, hash, checkpoint } = await ctx.store.readAuditHead(ctx.tenant);
        for (const [place, at] of [
          [seq + 1_000_000, 0],
          [seq, 10 ** 15],
        ] as const) {
          const jws = checkpoint?.jws ?? '';
          await sql(
            `DELETE FROM audit_checkpoints WHERE seq = ${place}`,
            `INSERT INTO audit_checkpoints (tenant, seq, hash, at_ms, jws, jwk) SELECT tenant, ${place}, hash, ${at}, '${jws}', jwk FROM audit_checkpoints WHERE seq < ${place} ORDER BY seq DESC LIMIT 1`,
          );
          lines.splice(0);
          await actingAs(ctx, { actor: { kind: 'admin', id: 'boss' } }).revokeClient(ctx.tenant, clientId('c1'), 1);
          await auditSealer(ctx).seal('due');
          const head = await ctx.store.readAuditHead(ctx.tenant);
          assert.ok(lines.some((line) => line.includes('"event":"audit.tampered"')));
          assert.ok(lines.some((line) => line.includes('"event":"audit.checkpoint"') && line.includes(head.hash)));
          const points = await ctx.store.listAuditCheckpoints(ctx.tenant, head.seq, 1);
          assert.deepEqual([points[0]?.seq, points[0]?.hash], [head.seq, head.hash]);
          assert.ok((await faults()).store.includes(`${place} signature`));
          await sql(`DELETE FROM audit_checkpoints WHERE seq IN (${place}, ${head.seq})`);
        }
        assert.equal((await ctx.store.readAudit(ctx.tenant, seq - 1, 1))[0]?.hash, hash);
      });
    });

    test('a log that was cut off is told by a checkpoint that somebody kept, and a running server sees it at once', async () => {
      await withLog(engine, async ({ ctx, lines, sql, seal, faults }) => {
        const { seq, hash } = await ctx.store.readAuditHead(ctx.tenant);
        const cut = `> ${seq - 6}`;
        await sql(
          `DELETE FROM audit_log WHERE seq ${cut}`,
          `DELETE FROM audit_checkpoints WHERE seq ${cut}`,
          `UPDATE audit_heads SET seq = ${seq - 6}, hash = (SELECT hash FROM audit_log WHERE seq = ${seq - 6})`,
        );
        // Nothing that is left says so: this is what a checkpoint elsewhere is for.
        assert.deepEqual(await faults(), { store: [], file: [], fileAlone: [] });
        const verdict = await verifyStore(ctx, { known: [{ seq, hash }] });
        assert.deepEqual(
          verdict.faults.map(({ seq: place, kind }) => [place, kind]),
          [[seq - 5, 'tail']],
        );
        await seal();
        assert.ok(lines.some((line) => line.includes('"event":"audit.tampered"')));
        assert.ok(lines.some((line) => line.includes('"event":"audit.checkpoint"') && line.includes(hash)));
      });
    });

    test('an export that was cut off, or is signed by somebody else, is named', async () => {
      await withLog(engine, async ({ exported, ctx }) => {
        const lines = await exported();
        const kinds = async (text: readonly string[], thumbprints?: ReadonlySet<string>): Promise<string[]> =>
          (await verifyExport(stream(text), { thumbprints })).faults.map(({ kind }) => kind);
        assert.deepEqual(await kinds(lines.slice(0, -1)), ['tail']);
        assert.deepEqual(await kinds(lines.slice(0, -5)), ['tail']);
        const { keys } = await verifyStore(ctx);
        assert.deepEqual(await kinds(lines, new Set(keys)), []);
        assert.deepEqual(await kinds(lines, new Set(['A'.repeat(43)])), ['signature', 'signature', 'signature']);
        await assert.rejects(kinds(lines.slice(1)), TypeError);
        assert.ok((await kinds([...lines.slice(0, 3), 'x', ...lines.slice(3)])).includes('unreadable'));
      });
    });
  });
}
