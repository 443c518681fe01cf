import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RedisCalls } from '../redis/calls.ts';
import { queueHandler } from './fetch.ts';
import { createQueue } from './queue.ts';
import { readSettings } from './settings.ts';

const ID = 'AAAAAAAAAAAAAAAAAAAAAA';

interface Asked {
  readonly reply: Response;
  /** What was sent to Redis, without script and settings; undefined: nothing. */
  readonly sent: readonly (string | number)[] | undefined;
}

/** One request to a queue whose Redis gives this answer. */
async function ask(answer: unknown, init: RequestInit & { readonly at?: string } = {}): Promise<Asked> {
  let sent: readonly (string | number)[] | undefined;
  const redis: RedisCalls = {
    async call(_command, ...parameters) {
      sent = parameters.slice(2 + 4 + 5);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const queue = createQueue(redis, { name: 'mail', rate: { limit: 1, periodMs: 1_000 } });
  const handle = queueHandler(queue, {
    path: '/v1/jobs',
    scope: (request) => {
      const who = request.headers.get('authorization') ?? '';
      return who === 'nobody' ? new Response(null, { status: 401 }) : who;
    },
  });
  const { at = '/v1/jobs', ...rest } = init;
  const headers = new Headers(rest.headers);
  headers.set('authorization', headers.get('authorization') ?? 'mei');
  const reply = await handle(new Request(`https://api.example${at}`, { method: 'POST', body: 'a job', ...rest, headers }));
  return { reply, sent };
}

async function textOf({ reply }: Asked): Promise<readonly [number, string | null, string]> {
  return [reply.status, reply.headers.get('retry-after'), await reply.text()];
}

const GET = { method: 'GET', body: null, at: `/v1/jobs/${ID}` };

describe('jobs over HTTP', () => {
  test('are accepted with the address of their status, and when to look there', async () => {
    const asked = await ask(['accepted', ID, '3', '3000']);
    assert.equal(asked.reply.headers.get('location'), `/v1/jobs/${ID}`);
    assert.equal(asked.reply.headers.get('cache-control'), 'no-store');
    assert.deepEqual(await textOf(asked), [202, '3', `{"id":"${ID}","state":"queued","position":3,"eta_ms":3000}`]);
    assert.ok(asked.sent?.includes('a job') && !asked.sent.includes('mei'), 'whose it is does not stand there in clear');
    assert.deepEqual(await textOf(await ask(['accepted', ID, '0', ''])), [202, null, `{"id":"${ID}","state":"queued","position":0}`]);
  });

  test('are known again: 202 while there is something to wait for, 200 afterwards, 422 where it is another job', async () => {
    assert.deepEqual(await textOf(await ask(['duplicate', ID, 'running'])), [202, null, `{"id":"${ID}","state":"running"}`]);
    const over = await ask(['duplicate', ID, 'done']);
    assert.equal(over.reply.headers.get('location'), `/v1/jobs/${ID}`);
    assert.deepEqual(await textOf(over), [200, null, `{"id":"${ID}","state":"done"}`]);
    assert.equal((await ask(['conflict'])).reply.status, 422);
  });

  test('are refused with problem details (RFC 9457 §3), and with whole seconds to wait, rounded up (RFC 9110 §10.2.3)', async () => {
    const full = await ask(['full', '1001', '1']);
    assert.equal(full.reply.headers.get('content-type'), 'application/problem+json');
    assert.deepEqual(await textOf(full), [429, '2', '{"title":"The queue is full","status":429}']);
    const stalled = await ask(['full', '1000', '0']);
    assert.deepEqual([stalled.reply.status, stalled.reply.headers.get('retry-after')], [503, '1']);
    for (const answer of [new Error('connection lost'), ['what?'], 'OK']) {
      const away = await ask(answer);
      assert.deepEqual([away.reply.status, away.reply.headers.get('retry-after')], [503, '1']);
      assert.ok(!(await away.reply.text()).includes('lost'));
    }
  });

  test('have a key of visible characters, quoted or bare', async () => {
    const keyOf = async (header: string): Promise<unknown> =>
      (await ask(['conflict'], { headers: { 'idempotency-key': header } })).sent?.at(-1) ?? 'malformed';
    const plain = await keyOf('8e03978e-40d5-43dd-bc93-6894a57f9324');
    assert.notEqual(plain, 'malformed');
    assert.equal(await keyOf('"8e03978e-40d5-43dd-bc93-6894a57f9324"'), plain);
    assert.equal(await keyOf('"a\\"b"'), await keyOf('"a\\"b"'));
    assert.notEqual(await keyOf('"a\\"b"'), await keyOf('"ab"'));
    for (const header of ['', '""', '"a', 'a, b', '"a", "b"', 'ä', `"${'x'.repeat(256)}"`, 'x'.repeat(256), '"a\\b"']) {
      assert.equal(await keyOf(header), 'malformed', header);
    }
    assert.notEqual(await keyOf('x'.repeat(255)), 'malformed');
  });

  test('are text of 64 KiB at most', async () => {
    const status = async (body: Uint8Array<ArrayBuffer> | string): Promise<number> =>
      (await ask(['accepted', ID, '0', ''], { body })).reply.status;
    assert.equal(await status('x'.repeat(65_536)), 202);
    assert.equal(await status('x'.repeat(65_537)), 413);
    assert.equal(await status(new Uint8Array([0x68, 0xff])), 400);
    assert.equal(await status(''), 202);
  });

  test('have a status', async () => {
    const owner = String((await ask(['conflict'])).sent?.[1]);
    const status = async (...parts: readonly string[]): Promise<readonly unknown[]> => await textOf(await ask(parts, GET));
    assert.deepEqual(await status('queued', owner, '0', '7', '7000', '', ''), [
      200,
      '7',
      `{"id":"${ID}","state":"queued","attempts":0,"position":7,"eta_ms":7000}`,
    ]);
    assert.deepEqual(await status('running', owner, '1', '', '', '', ''), [200, null, `{"id":"${ID}","state":"running","attempts":1}`]);
    assert.deepEqual(await status('done', owner, '1', '', '', 'sent', ''), [
      200,
      null,
      `{"id":"${ID}","state":"done","attempts":1,"result":"sent"}`,
    ]);
    assert.deepEqual(await status('failed', owner, '2', '', '', '', 'no such printer'), [
      200,
      null,
      `{"id":"${ID}","state":"failed","attempts":2,"reason":"no such printer"}`,
    ]);
    assert.deepEqual(await status('dead', owner, '5', '', '', '', 'secret at line 3'), [
      200,
      null,
      `{"id":"${ID}","state":"dead","attempts":5}`,
    ]);
    const unknown = [404, null, '{"title":"There is no such job","status":404}'];
    assert.deepEqual(await status(), unknown);
    assert.deepEqual(await status('done', 'somebody else', '1', '', '', 'secret', ''), unknown);
    assert.equal((await ask(new Error('away'), GET)).reply.status, 503);
  });

  test('are for whoever may ask, at their address, by their methods', async () => {
    const nobody = await ask(['conflict'], { headers: { authorization: 'nobody' } });
    assert.deepEqual([nobody.reply.status, nobody.sent], [401, undefined]);
    await assert.rejects(ask(['conflict'], { headers: { authorization: '' } }), TypeError, 'everybody’s jobs are nobody’s');
    for (const at of ['/', '/v1/jobs2', '/v1', '/v1/jobs/', '/v1/jobs/../x']) {
      const { reply, sent } = await ask(['accepted', ID, '0', ''], { ...GET, at });
      assert.deepEqual([reply.status, sent], [404, undefined], at);
    }
    for (const [at, method, allow] of [
      ['/v1/jobs', 'PUT', 'POST'],
      [GET.at, 'DELETE', 'GET, HEAD'],
    ] as const) {
      const { reply } = await ask([], { at, method, body: null });
      assert.deepEqual([reply.status, reply.headers.get('allow')], [405, allow]);
    }
  });
});

describe('settings of a queue', () => {
  test('have a credit of two intervals or fifty milliseconds, whichever is more', () => {
    const unitsOf = (limit: number, periodMs: number): number => {
      const { depthTicks, perUnit } = readSettings({ name: 'q', rate: { limit, periodMs } });
      return Math.floor(depthTicks / perUnit);
    };
    assert.deepEqual([unitsOf(1, 60_000), unitsOf(10, 1_000), unitsOf(100, 1_000), unitsOf(999, 1_000)], [2, 2, 5, 50]);
  });
});
