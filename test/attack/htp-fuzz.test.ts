import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { startHufu, type TestHufu } from '../support/hufu.ts';
import { firstSeed, LONG } from '../support/seeds.ts';
import { Canaries } from './canaries.ts';
import { Dice, Loot, nextRequest } from './fuzz-grammar.ts';
import { faultsOf } from './oracles.ts';
import { dial, parseReplies, type RawReply } from './raw-http.ts';
import { MACHINE_BASIC, machineToken, SPA, signedIn, tokensOf } from './sign-ins.ts';
import { recordTraffic } from './traffic.ts';

const SECONDS = LONG ? 600 : 20;
const CONNECTIONS = 12;
/** An answer that takes longer is none. */
const ANSWER_MS = 20_000;
const FOUND = /hf[acmrs]_[A-Za-z0-9_-]{60,}|eyJ[\w-]+\.[\w-]+\.[\w-]+|(?<=[?&]request=)[\w.-]+|(?<=name="(?:csrf|request)" value=")[^"]+/g;

describe('HTP: grammar fuzz', () => {
  let hufu: TestHufu;
  before(async () => {
    hufu = await startHufu();
  });
  after(() => hufu.stop());

  test('HTP-13 · whatever is sent, nothing fails on our side, nothing hangs and nothing is thrown away (attacks HTP-13)', {
    timeout: (SECONDS + 60) * 1_000,
  }, async (t) => {
    const seed = firstSeed();
    t.diagnostic(`HUFU_SEED=${seed}`);
    const thrown: unknown[] = [];
    const onRejection = (reason: unknown): unknown => thrown.push(reason);
    process.on('unhandledRejection', onRejection);
    const traffic = recordTraffic(Number(new URL(hufu.origin).port));
    const statuses = new Map<number, number>();
    const faults = new Set<string>();
    const loot = new Loot();
    const shared = new Dice(seed);
    const agent = await signedIn(hufu.issuer);
    const tokens = await tokensOf(hufu.issuer, SPA, undefined, agent);
    for (const text of [tokens.access, tokens.refresh, tokens.id, await machineToken(hufu.issuer, 'opaque')]) loot.add(text, shared);
    const cookie = [...agent.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const { host } = new URL(hufu.issuer);
    const rssBefore = process.memoryUsage.rss();
    const end = performance.now() + SECONDS * 1_000;
    let sent = 0;
    let silent = 0;

    async function connection(number: number): Promise<void> {
      const dice = new Dice(seed + number);
      const line = new Line(hufu.origin);
      while (performance.now() < end && faults.size < 5) {
        const request = nextRequest(dice, loot, host, cookie);
        const reply = await line.send(request.bytes, request.isHead || !request.isHttp);
        sent++;
        if (reply === 'silent' && request.isHttp && !request.isHead) {
          silent++;
          faults.add(`no answer to ${JSON.stringify(request.bytes.slice(0, 600))}`);
        }
        if (typeof reply === 'object') {
          statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1);
          for (const text of [reply.body, ...(reply.headers.get('location') ?? []), ...(reply.headers.get('set-cookie') ?? [])])
            for (const [found] of text.matchAll(FOUND)) if (dice.chance(0.3)) loot.add(found, dice);
        }
        if (number === 0 && sent % 50 === 0) judge();
      }
      line.close();
    }

    function judge(): void {
      for (const exchange of traffic.take()) {
        for (const fault of faultsOf(exchange, hufu.issuer)) {
          if (faults.size < 5)
            faults.add(
              `${fault}\n  ${exchange.method} ${exchange.path}?${exchange.query.slice(0, 500)}\n  ${JSON.stringify(exchange.requestHeaders).slice(0, 500)}\n  ${exchange.requestBody.slice(0, 500)}`,
            );
        }
      }
    }

    await Promise.all(Array.from({ length: CONNECTIONS }, (_, number) => connection(number)));
    judge();
    traffic.stop();
    process.off('unhandledRejection', onRejection);
    await hufu.context.decisions.settled();
    const counts = [...statuses].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
    t.diagnostic(
      `${sent} requests in ${SECONDS} s; ${counts.join(', ')}; RSS ${(rssBefore / 2 ** 20).toFixed(0)} → ${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MiB`,
    );
    assert.deepEqual([...faults], [], `HUFU_SEED=${seed}`);
    assert.deepEqual(thrown, [], `HUFU_SEED=${seed}`);
    assert.equal(silent, 0);
    assert.ok(
      (statuses.get(200) ?? 0) > 20 && (statuses.get(303) ?? 0) > 20 && (statuses.get(400) ?? 0) > 100,
      `it got nowhere: ${counts.join()}`,
    );
    // What is on record of all that has no credential in it, ours or mangled.
    const canaries = new Canaries();
    canaries.add('a client secret', MACHINE_BASIC.split(':')[1] ?? '');
    canaries.add('a session', agent.cookies.get('hufu_session')?.slice(4, 28) ?? '');
    const decisions = await hufu.store.listDecisions(hufu.context.tenant, 20_000);
    assert.ok(decisions.length > 100);
    assert.deepEqual(
      canaries.find(JSON.stringify(decisions)).map(({ kind }) => kind),
      [],
      `HUFU_SEED=${seed}`,
    );
    assert.deepEqual(
      canaries.find(hufu.logLines.join('\n')).map(({ kind }) => kind),
      [],
      `HUFU_SEED=${seed}`,
    );
    assert.deepEqual(
      hufu.logLines.filter((line) => line.includes('"level":"error"')),
      [],
      `HUFU_SEED=${seed}`,
    );
    // And an honest client gets on.
    assert.match(await machineToken(hufu.issuer, 'read'), /^eyJ/);
    assert.equal((await tokensOf(hufu.issuer, SPA)).reply.status, 200);
  });
});

/** A connection that is used again as long as both sides want to. */
class Line {
  readonly #origin: string;
  #socket: Socket | undefined;

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** `lastOne`: what comes back may have no body, or be no reply at all, and the connection is not used again. */
  send(bytes: string, lastOne: boolean): Promise<RawReply | 'silent' | 'closed'> {
    const socket = this.#socket ?? dial(this.#origin);
    this.#socket = socket;
    return new Promise((resolve) => {
      let text = '';
      const finish = (outcome: RawReply | 'silent' | 'closed'): void => {
        socket.removeAllListeners();
        socket.on('error', () => undefined);
        const keep = typeof outcome === 'object' && !lastOne && outcome.headers.get('connection')?.[0] !== 'close';
        if (!keep) this.close();
        resolve(outcome);
      };
      socket.setTimeout(lastOne ? 200 : ANSWER_MS, () => finish('silent'));
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1');
        if (lastOne) {
          if (text.includes('\r\n\r\n')) finish('closed');
          return;
        }
        const [reply] = parseReplies(text).filter(({ status }) => status >= 200);
        if (reply !== undefined) finish(reply);
      });
      socket.on('end', () => finish('closed'));
      socket.on('close', () => finish('closed'));
      socket.on('error', () => finish('closed'));
      socket.write(Buffer.from(bytes, 'latin1'));
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }
}
