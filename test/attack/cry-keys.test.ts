import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { readConfig } from '@hufu/server/config/read-config';
import { jsonLog } from '@hufu/server/log';
import { startServer } from '@hufu/server/start';
import { openSqlite } from '@hufu/store/sqlite/open';
import { BASIC_YAML, freePort } from '../support/hufu.ts';

describe('CRY: the master key', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hufu-keys-'));
  const keyFile = join(folder, 'master.key');
  const databaseFile = join(folder, 'hufu.db');
  let good = '';
  let jwks = '';

  /** Starts on the folder as it is, and answers with the key set or the reason why not. */
  async function start(
    masterKey?: string,
  ): Promise<
    { readonly jwks: string; readonly lines: readonly string[] } | { readonly refused: string; readonly lines: readonly string[] }
  > {
    const port = await freePort();
    const lines: string[] = [];
    const text = `issuer: http://127.0.0.1:${port}\nlisten: 127.0.0.1:${port}\nmode: test\ndata_dir: ${folder}\n${BASIC_YAML}`;
    const store = await openSqlite(databaseFile);
    try {
      const server = await startServer({
        config: readConfig({ text, file: 'test.yaml', env: {} }),
        store,
        log: jsonLog((line) => lines.push(line), Date.now),
        masterKey,
      });
      const keys = await (await fetch(`http://127.0.0.1:${port}/oauth/jwks`)).text();
      await server.close();
      return { jwks: keys, lines };
    } catch (error) {
      await store.close();
      assert.equal(await isListening(port), false, 'it serves all the same');
      return { refused: error instanceof Error ? `${error.name}: ${error.message}` : '', lines };
    }
  }

  function dump(): string {
    const database = new DatabaseSync(databaseFile, { readOnly: true });
    const tables = ['keys', 'clients', 'users', 'grants', 'counters'].map((table) =>
      JSON.stringify(database.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all()),
    );
    database.close();
    return tables.join('\n');
  }

  async function assertRefused(masterKey: string | undefined, expected: RegExp, about: string): Promise<void> {
    const before = dump();
    const hadFile = existsSync(keyFile);
    const outcome = await start(masterKey);
    assert.ok('refused' in outcome, `${about}: it started`);
    assert.match(outcome.refused, /^MasterKeyError: /, about);
    assert.match(outcome.refused, expected, about);
    assert.doesNotMatch(`${outcome.refused}\n${outcome.lines.join('\n')}`, /[A-Za-z0-9_-]{43}/, `${about}: the message shows a key`);
    assert.equal(dump(), before, `${about}: the database was changed`);
    assert.equal(existsSync(keyFile), hadFile, `${about}: a key was made`);
  }

  before(async () => {
    const first = await start();
    assert.ok('jwks' in first, 'refused' in first ? first.refused : '');
    jwks = first.jwks;
    good = readFileSync(keyFile, 'utf8').trim();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  test('CRY-06 · the key is made once, for its owner alone (ASVS 13.3.1)', async () => {
    assert.equal(statSync(keyFile).mode & 0o777, 0o600);
    assert.match(good, /^[A-Za-z0-9_-]{43}$/);
    const again = await start();
    assert.ok('jwks' in again);
    assert.equal(again.jwks, jwks);
  });

  test('CRY-06 · without the key nothing is served, nothing is made anew, and the message says what to do (attacks CRY-06)', async () => {
    renameSync(keyFile, `${keyFile}.away`);
    try {
      await assertRefused(undefined, /restore it/, 'missing');
      await assertRefused('', /restore it/, 'an empty variable is none');
    } finally {
      renameSync(`${keyFile}.away`, keyFile);
    }
  });

  test('CRY-06 · with another key, or something that is none, nothing is served (attacks CRY-06)', async () => {
    const other = randomBytes(32).toString('base64url');
    await assertRefused(other, /encrypted under another master key/, 'another key');
    for (const [value, about] of [
      [good.slice(0, 42), 'cut'],
      [`${good}A`, 'longer'],
      [`${good.slice(0, 42)}!`, 'not base64url'],
      [Buffer.from(good, 'base64url').toString('hex'), 'hex'],
      [`${good.slice(0, 42)}${good.endsWith('B') ? 'C' : 'B'}`, 'with bits that stand for nothing'],
      ['x', 'a letter'],
    ] as const) {
      await assertRefused(value, /32 bytes as base64url|another master key/, about);
    }
    for (const [content, about] of [
      ['', 'an empty file'],
      [other, "another installation's file"],
      [`${good}\n${good}`, 'two keys'],
      [good.slice(0, 20), 'half a file'],
    ] as const) {
      writeFileSync(keyFile, content);
      await assertRefused(undefined, /32 bytes as base64url|another master key/, about);
    }
    writeFileSync(keyFile, `${good}\n`);
    const outcome = await start(good);
    assert.ok('jwks' in outcome, 'the right one from the environment');
    assert.equal(outcome.jwks, jwks);
  });

  test('CRY-06 · keys that were encrypted under two master keys, or changed, or moved, are not half used (attacks CRY-06)', async () => {
    const database = new DatabaseSync(databaseFile);
    const rows = database.prepare('SELECT tenant, id, key_use, sealed_private FROM keys ORDER BY id').all();
    const change = (id: unknown, bytes: Uint8Array): unknown =>
      database.prepare('UPDATE keys SET sealed_private = ? WHERE id = ?').run(bytes, Number(id));
    assert.ok(rows.length >= 5);
    for (const row of rows) {
      const sealed = Buffer.from(Object(row['sealed_private']));
      const flipped = Buffer.from(sealed);
      flipped[20] = (flipped[20] ?? 0) ^ 1;
      // Another key's bytes: sealed under the right master key, for another place.
      const moved = rows.find((other) => other['key_use'] !== row['key_use'])?.['sealed_private'];
      for (const [bytes, about] of [
        [flipped, 'a bit'],
        [sealed.subarray(0, 20), 'cut'],
        [Buffer.alloc(0), 'empty'],
        [randomBytes(sealed.length), "another master key's"],
        [Buffer.from(Object(moved)), 'moved'],
      ] as const) {
        change(row['id'], bytes);
        await assertRefused(undefined, /another master key/, `${about} of ${String(row['key_use'])}`);
      }
      change(row['id'], sealed);
    }
    database.close();
    const outcome = await start();
    assert.ok('jwks' in outcome);
    assert.equal(outcome.jwks, jwks);
  });

  test('CRY-07 · a rotation publishes a key with a name of its own, and is told in the log without the key (ASVS 16.3.3)', async () => {
    const { openContext } = await import('@hufu/server/open-context');
    const { systemClock } = await import('@hufu/server/clock');
    const store = await openSqlite(databaseFile);
    const lines: string[] = [];
    const text = `issuer: http://127.0.0.1:1\nmode: test\ndata_dir: ${folder}\n${BASIC_YAML}`;
    const ctx = await openContext({
      config: readConfig({ text, file: 'test.yaml', env: {} }),
      store,
      clock: systemClock(),
      log: jsonLog((line) => lines.push(line), Date.now),
      masterKey: undefined,
    });
    const seen = new Set(kidsOf(jwks));
    const before = seen.size;
    let now = Math.floor(ctx.clock.nowMs() / 1000);
    for (let i = 0; i < 3; i++) {
      now += 1_000_000;
      await ctx.keys.rotateNow(now);
      await ctx.keys.rotateWhenDue(now);
      const current = kidsOf(ctx.keys.jwks(now).body.toString());
      assert.equal(new Set(current).size, current.length, 'no name stands twice');
      assert.ok(
        current.some((kid) => !seen.has(kid)),
        'a new one is there',
      );
      for (const kid of current) seen.add(kid);
    }
    assert.ok(seen.size >= before + 3, 'no name was used again');
    assert.ok(lines.filter((line) => line.includes('"key.added"')).length >= 3);
    for (const line of lines) assert.doesNotMatch(line, /[A-Za-z0-9_-]{43}/);
    await ctx.passwords.close();
    await store.close();
  });
});

function kidsOf(keySet: string): readonly string[] {
  const { keys }: { readonly keys: readonly { readonly kid: string }[] } = Object(JSON.parse(keySet));
  return keys.map((key) => key.kid);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
