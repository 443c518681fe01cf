import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { postForm } from '../support/agent.ts';
import { freshDatabase, type TestDatabase } from '../support/databases.ts';
import { hufuCommand, type RunningHufu, startHufu } from './running.ts';

const CONFIG = 'examples/api/hufu.yaml';
const NIGHT_WATCH = 'night-watch:for-this-machine-only-make-your-own';
const NOTES_API = 'notes-api:for-this-machine-only-make-another';

let database: TestDatabase;
let nodes: readonly RunningHufu[];
const shared = (): Record<string, string> => ({ HUFU_DATABASE: database.url, HUFU_MASTER_KEY: randomKey });
const randomKey = randomBytes(32).toString('base64url');
before(async () => {
  database = await freshDatabase('postgres');
  // In the guide they have one issuer behind one address; here each is asked by its own.
  nodes = [await startHufu(CONFIG, shared()), await startHufu(CONFIG, shared())];
});
after(async () => {
  for (const node of nodes ?? []) await node.stop();
  await database?.drop();
});

test('of two nodes on one PostgreSQL database, each honours and ends what the other gave (docs/guides/sqlite-and-postgres.md)', async () => {
  const [one, other] = nodes;
  assert.ok(one !== undefined && other !== undefined);
  const reply = await postForm(`${one.issuer}/oauth/token`, { grant_type: 'client_credentials', scope: 'files:read' }, NIGHT_WATCH);
  const token = String(reply.body['access_token']);
  const ask = async (): Promise<unknown> => (await postForm(`${other.issuer}/oauth/introspect`, { token }, NOTES_API)).body['active'];
  assert.equal(await ask(), true);
  const revoked = hufuCommand(['revoke', 'client', 'night-watch', '--config', CONFIG], one.env);
  assert.equal(await revoked.ended(), 0, revoked.lines.join('\n'));
  assert.equal(await ask(), false);
});

test('a node without the master key of the others refuses to start (docs/guides/keys-and-rotation.md)', async () => {
  await assert.rejects(startHufu(CONFIG, { HUFU_DATABASE: database.url }), /neither HUFU_MASTER_KEY nor .* is there; restore it/);
});
