import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import type { HttpReply } from '../http.ts';
import { BOT_SCRIPT } from '../interaction/pages/bot-script.ts';
import { signInGet, signInPost } from '../interaction/sign-in.ts';
import { signUpGet, signUpPost } from '../interaction/sign-up.ts';
import { getOf, hiddenOf, pageOf, postOf } from '../testing/pages.ts';
import { openWorld, type World } from '../testing/world.ts';
import { PUZZLE_PARTS } from './proof-of-work.ts';

const BITS = 8;
const YAML = `policies: { sign_up: open, bot_check: { kind: proof_of_work, bits: ${BITS} } }\nusers: [{ username: alice, password: correct horse battery staple }]\n`;
const PASSWORD = 'two halves make a tally';

async function open(): Promise<World> {
  return await openWorld({ yaml: YAML });
}

interface Panel {
  readonly puzzle: string;
  readonly bits: number;
}

function panelOf(page: HttpReply): Panel | undefined {
  const [, puzzle = '', bits = ''] = /data-puzzle="([\w-]+)" data-bits="(\d+)"/.exec(page.body.toString()) ?? [];
  return puzzle === '' ? undefined : { puzzle, bits: Number(bits) };
}

function solve({ puzzle, bits }: Panel): string {
  return Array.from({ length: PUZZLE_PARTS }, (_, part) => {
    let number = 0;
    while (createHash('sha256').update(`${puzzle}.${part}.${number}`).digest().readUInt32BE(0) >>> (32 - bits) !== 0) number += 1;
    return number;
  }).join('.');
}

async function page(world: World): Promise<HttpReply> {
  return await signUpGet(world.ctx, getOf(world, '/signup'));
}

let count = 0;
async function send(world: World, from: HttpReply, more: Record<string, string>, fields: Record<string, string> = {}): Promise<HttpReply> {
  count += 1;
  return await signUpPost(
    world.ctx,
    postOf(world, '/signup', { ...hiddenOf(from), username: `mei${count}`, email: '', name: '', password: PASSWORD, ...fields, ...more }),
  );
}

/** What the reply says is wrong; nothing where it let somebody through. */
function problemOf(reply: HttpReply): string | undefined {
  return /id="problem" role="alert">([^<]*)</.exec(reply.body.toString())?.[1];
}

test('a browser that has solved the puzzle gets through, once for one puzzle', async () => {
  const world = await open();
  const shown = await page(world);
  const panel = panelOf(shown) ?? assert.fail('no puzzle');
  assert.match(
    String(shown.headers['content-security-policy']),
    /script-src https:\/\/id\.example\/assets\/bot-check\.[0-9a-f]{12}\.js(?:;|$)/,
  );
  const answer = solve(panel);
  assert.equal((await send(world, shown, { bot_answer: answer })).status, 303);
  const again = await send(world, shown, { bot_answer: answer });
  assert.deepEqual([again.status, pageOf(again), problemOf(again)?.includes('not finished')], [403, 'sign-up', true]);
  assert.equal((await world.why(again)).failed, 'bot_check');
  assert.notEqual(panelOf(again)?.puzzle, undefined);
  await world.close();
});

test('what is no answer, or one to something else, gets nobody through', async () => {
  const world = await open();
  const shown = await page(world);
  const panel = panelOf(shown) ?? assert.fail();
  const right = solve(panel);
  const other = solve(panelOf(await page(world)) ?? assert.fail());
  const numbers = right.split('.');
  const task = hiddenOf(shown)['bot_task'] ?? '';
  for (const fields of [
    { bot_answer: other },
    { bot_answer: numbers.slice(1).join('.') },
    { bot_answer: [...numbers, '0'].join('.') },
    { bot_answer: numbers.toReversed().join('.') },
    { bot_answer: right.replace(/\d+$/, '00') },
    { bot_answer: `${right} ` },
    { bot_answer: '9'.repeat(1_000_000) },
    { bot_answer: right, bot_task: '' },
    { bot_answer: right, bot_task: `${task.slice(0, -4)}AAAA` },
    { bot_answer: right, bot_task: hiddenOf(await page(world))['bot_task'] ?? '' },
  ])
    assert.equal((await send(world, shown, fields)).status, 403, JSON.stringify(fields).slice(0, 100));
  assert.equal((await send(world, shown, { bot_answer: right })).status, 303, 'and it is still good');
  await world.close();
});

test('a puzzle is good for half an hour, and for the page that it stands on', async () => {
  const world = await open();
  const shown = await page(world);
  const answer = solve(panelOf(shown) ?? assert.fail());
  world.clock.advance(1_800_000);
  assert.equal((await send(world, shown, { bot_answer: answer })).status, 403);
  const fresh = await page(world);
  const solved = solve(panelOf(fresh) ?? assert.fail());
  for (let index = 0; index < 3; index += 1) await guess(world);
  const signIn = await guess(world, { bot_task: hiddenOf(fresh)['bot_task'] ?? '', bot_answer: solved });
  assert.equal(signIn.status, 403, 'of the page for signing up');
  await world.close();
});

test('whoever runs no scripts waits twenty seconds instead, wherever the form comes back, a few times from one network', async () => {
  const world = await open();
  const first = await page(world);
  assert.match(first.body.toString(), /<noscript><p[^>]*>[^<]*20 seconds/);
  world.clock.advance(5_000);
  const early = await send(world, first, { bot_answer: '' });
  assert.deepEqual([early.status, problemOf(early)?.includes('in 15 seconds')], [403, true]);
  world.clock.advance(15_000);
  assert.equal((await send(world, early, { bot_answer: '' })).status, 303, 'the time before counted');
  assert.equal((await send(world, early, { bot_answer: '' })).status, 403, 'once');
  const pages = await Promise.all(Array.from({ length: 12 }, () => page(world)));
  world.clock.advance(20_000);
  const statuses: number[] = [];
  for (const one of pages) statuses.push((await send(world, one, { bot_answer: '' })).status);
  assert.deepEqual(statuses, [...Array.from({ length: 8 }, () => 303), 403, 403, 403, 403]);
  await world.close();
});

async function guess(world: World, more: Record<string, string> = {}): Promise<HttpReply> {
  const shown = await signInGet(world.ctx, getOf(world, '/signin'));
  return await signInPost(world.ctx, postOf(world, '/signin', { ...hiddenOf(shown), username: 'alice', password: 'wrong', ...more }));
}

test('a sign-in asks once several have failed, of a name that nobody has as well, and the right password alone is not enough then (attacks USR-01)', async () => {
  const world = await open();
  const password = 'correct horse battery staple';
  assert.equal(panelOf(await guess(world)), undefined, 'one mistake is nothing');
  await guess(world);
  const third = await guess(world);
  assert.equal(third.status, 401);
  const panel = panelOf(third) ?? assert.fail('asked by now');
  const without = await guess(world, { password });
  assert.deepEqual([without.status, (await world.why(without)).failed], [403, 'bot_check']);
  const stranger = world.http().address;
  for (let index = 0; index < 3; index += 1) await guess(world, { username: 'nobody at all' });
  const nobody = await guess(world, { username: 'nobody at all' });
  const strip = (reply: HttpReply): string => reply.body.toString().replaceAll(/(value|data-puzzle)="[^"]*"/g, '');
  assert.equal(strip(nobody), strip(without), stranger);
  const right = postOf(world, '/signin', { ...hiddenOf(third), username: 'alice', password, bot_answer: solve(panel) });
  assert.equal((await signInPost(world.ctx, right)).status, 303);
  await world.close();
});

test('the page’s own script computes SHA-256 (FIPS 180-4 §6.2), and finds what the server takes', async () => {
  const puzzle = createHash('sha256').update('a task').digest('base64url');
  const field = { value: '' };
  const form = { elements: { bot_answer: field }, addEventListener: () => undefined };
  const elements: Record<string, object> = {
    'bot-check': { closest: () => form, dataset: { puzzle, bits: '6', parts: '16' } },
    'bot-working': {},
    'bot-done': {},
  };
  const world = { document: { getElementById: (id: string) => elements[id] }, performance, setTimeout: setImmediate, Uint32Array, out: {} };
  runInNewContext(`${BOT_SCRIPT}; out.firstWord = firstWord;`, world);
  for (let attempt = 0; attempt < 1_000 && field.value === ''; attempt += 1) await new Promise((resolve) => setImmediate(resolve));
  const { firstWord } = world.out as { firstWord: (text: string) => number };
  for (const text of ['', 'abc', 'x'.repeat(55), 'x'.repeat(56), 'x'.repeat(63)])
    assert.equal(firstWord(text), createHash('sha256').update(text).digest().readUInt32BE(0), String(text.length));
  const numbers = field.value.split('.');
  assert.equal(numbers.length, 16);
  for (const [part, number] of numbers.entries())
    assert.equal(createHash('sha256').update(`${puzzle}.${part}.${number}`).digest().readUInt32BE(0) >>> 26, 0);
});
