import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '@hufu/store/contract/until';
import { openMemory } from '@hufu/store/memory';
import { openMailServer } from '../testing/mail-server.ts';
import { takeOutbox } from '../testing/mails.ts';
import { BASIC_YAML, openWorld, START, START_MS, type World } from '../testing/world.ts';
import { startMail } from './mail-job.ts';
import { keptLetters } from './mail-room.ts';
import { putLetter } from './outbox.ts';
import { retryAt } from './retry.ts';

const WRITTEN = { locale: 'en', subject: 'canary subject', text: 'canary text 1234 5678\n', html: '<!doctype html><p>canary' } as const;

function mailYaml(port: number): string {
  return `${BASIC_YAML}\nmail: { from: no-reply@id.example, host: 127.0.0.1, port: ${port}, tls: 'off' }\n`;
}

/** The job runs on its own; what it has done shows in the log. */
async function events(world: World, event: string, count: number): Promise<readonly Readonly<Record<string, unknown>>[]> {
  await until(() => world.events(event).length >= count);
  return world.events(event);
}

test('a mail is sealed until it is sent, and is gone then; one for nobody is as large and goes nowhere', async () => {
  const server = await openMailServer();
  const world = await openWorld({ yaml: mailYaml(server.port) });
  await putLetter(world.ctx, 'ada@post.example', WRITTEN, START + 600, START);
  await putLetter(world.ctx, undefined, WRITTEN, START + 600, START);
  const rows = await world.store.takeMails(world.tenant, 10, 1, START);
  for (const { sealed } of rows) assert.doesNotMatch(Buffer.from(sealed, 'base64url').toString('latin1'), /canary|ada@post|1234 5678/);
  const [one, other] = rows.map(({ sealed }) => sealed.length);
  assert.ok(Math.abs((one ?? 0) - (other ?? 0)) < 24, `${one} and ${other}`);
  world.clock.freeze(START_MS + 2_000);
  const stop = startMail(world.ctx);
  const [mail] = await server.count(1);
  assert.deepEqual([mail?.to, mail?.headers.get('subject')], [['ada@post.example'], 'canary subject']);
  await events(world, 'mail.sent', 1);
  await stop();
  assert.equal(server.taken.length, 1);
  assert.deepEqual(await takeOutbox(world), []);
  for (const line of world.lines) assert.doesNotMatch(line, /canary|ada@/);
  await world.close();
  await server.close();
});

test('what a mail server puts off comes again at its time with the same Message-ID; what it refuses never does', async () => {
  let reply: string | undefined = '451 later';
  const server = await openMailServer({ answer: (command) => (command === 'RCPT' ? reply : undefined) });
  const world = await openWorld({ yaml: mailYaml(server.port) });
  const stop = startMail(world.ctx);
  await putLetter(world.ctx, 'ada@post.example', WRITTEN, START + 3_600, START);
  const [failed] = await events(world, 'mail.failed', 1);
  assert.deepEqual([failed?.['attempt'], failed?.['again_in']], [1, 5]);
  assert.doesNotMatch(JSON.stringify(failed), /ada@/);
  reply = undefined;
  world.clock.freeze(START_MS + 5_000);
  const [mail] = await server.count(1);
  await events(world, 'mail.sent', 1);
  reply = '550 never';
  await putLetter(world.ctx, 'ada@post.example', WRITTEN, START + 3_600, START + 5);
  const [dead] = await events(world, 'mail.dead', 1);
  assert.equal(dead?.['attempt'], 1);
  assert.match(mail?.headers.get('message-id') ?? '', /^<[\w-]{32}@id\.example>$/);
  world.clock.freeze(START_MS + 3_000_000);
  assert.deepEqual(await takeOutbox(world), []);
  await stop();
  await world.close();
  await server.close();
});

test('a node that dies with a mail loses nothing: after the lease another one sends it, with the same Message-ID', async () => {
  const server = await openMailServer();
  const store = await openMemory();
  const first = await openWorld({ yaml: mailYaml(server.port), store });
  await putLetter(first.ctx, 'ada@post.example', WRITTEN, START + 600, START);
  // Taken, and sent as far as the server knows; then it is gone.
  const [held] = await store.takeMails(first.tenant, 1, 30, START);
  assert.ok(held !== undefined);
  const second = await openWorld({ yaml: mailYaml(server.port), store });
  second.clock.freeze(START_MS + 29_000);
  const stop = startMail(second.ctx);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(server.taken.length, 0, 'the lease holds');
  second.clock.freeze(START_MS + 30_000);
  assert.equal((await server.count(1)).length, 1);
  await events(second, 'mail.sent', 1);
  assert.equal(second.events('mail.sent')[0]?.['attempt'], 2);
  await stop();
  await Promise.all([first.close(), second.close()]);
  await store.close();
  await server.close();
});

test('without a mail server mails end in memory where nobody else can look, and nowhere in production', async () => {
  const world = await openWorld();
  const stop = startMail(world.ctx);
  for (let i = 0; i < 52; i += 1) await putLetter(world.ctx, 'ada@post.example', { ...WRITTEN, subject: `${i}` }, START + 600, START);
  await events(world, 'mail.sent', 52);
  await stop();
  const kept = keptLetters(world.ctx);
  assert.deepEqual([kept.length, kept[0]?.number, kept.at(-1)?.number], [50, 52, 3]);
  await world.close();

  const production = await openWorld({ mode: 'production' });
  const stopIt = startMail(production.ctx);
  await putLetter(production.ctx, 'ada@post.example', WRITTEN, START + 600, START);
  const [dead] = await events(production, 'mail.dead', 1);
  assert.equal(dead?.['reason'], 'no mail server is configured');
  assert.deepEqual(keptLetters(production.ctx), []);
  await stopIt();
  await production.close();
});

test('five attempts, and none that would come too late', () => {
  const at = (attempt: number, expiresAt: number): number | undefined => retryAt(attempt, { createdAt: 1_000, expiresAt }, 1_000);
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6].map((attempt) => at(attempt, 4_600)),
    [1_005, 1_030, 1_120, 1_600, undefined, undefined],
  );
  assert.deepEqual([at(1, 1_005), at(1, 1_006)], [undefined, 1_005]);
  // What proves an address is good for a day, and somebody waits for it.
  assert.equal(at(1, 1_000 + 86_400), 1_005);
  // A notice outlives an outage of half a day.
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((attempt) => at(attempt, 1_000 + 3 * 86_400)),
    [1_030, 1_600, 8_200, 44_200, undefined],
  );
});
