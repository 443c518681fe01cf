import assert from 'node:assert/strict';
import type { RevocationBatch } from '@hufu/protocol/revocation-batch';
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose';

/** Whoever reads a revocation feed as docs/guides/revocation.md says, over a socket, and checks every batch. */
export interface FeedReader {
  readonly position: number;
  readonly epoch: string;
  /** When this process had the entry: milliseconds of its own monotonic clock, by its number. */
  readonly had: ReadonlyMap<number, number>;
  /** Names and numbers of the entries. */
  readonly ids: ReadonlyMap<string, number>;
  readonly batches: number;
  /** Pages up to the head, from 0 the first time and from its position after that. */
  catchUp(): Promise<void>;
  /** Goes on from its position until `stop`. */
  listen(): Promise<void>;
  /** Leaves in the middle. */
  stop(): Promise<void>;
  /** Done when it has reached the position. */
  reach(position: number): Promise<void>;
  /** Says that it enforces what it has. */
  acknowledge(): Promise<number>;
}

export interface FeedReaderOptions {
  readonly origin: string;
  readonly issuer: string;
  readonly node: string;
  readonly authorization: string;
}

export async function feedReader({ origin, issuer, node, authorization }: FeedReaderOptions): Promise<FeedReader> {
  const keys: JSONWebKeySet = Object(await (await fetch(`${origin}/oauth/jwks`)).json());
  const keySet = createLocalJWKSet(keys);
  const had = new Map<number, number>();
  const ids = new Map<string, number>();
  let waiting: { readonly position: number; readonly done: () => void }[] = [];
  let connection: AbortController | undefined;
  let reading: Promise<void> = Promise.resolve();
  const state = { position: 0, epoch: '', batches: 0, head: 0 };

  async function take(jws: string): Promise<void> {
    const at = performance.now();
    const { payload, protectedHeader } = await compactVerify(jws, keySet);
    assert.equal(protectedHeader.typ, 'revocations+jwt');
    const batch: RevocationBatch = JSON.parse(new TextDecoder().decode(payload));
    assert.equal(batch.iss, issuer);
    assert.ok(state.epoch === '' || batch.epoch === state.epoch, 'the log has another name');
    assert.equal(batch.after, state.position, 'a batch that does not connect');
    state.epoch = batch.epoch;
    for (const { seq, id } of batch.entries) {
      assert.ok(seq > state.position && seq <= batch.seq && !had.has(seq));
      had.set(seq, at);
      ids.set(id, seq);
    }
    state.position = batch.seq;
    state.head = batch.head;
    state.batches += 1;
    for (const each of waiting) if (each.position <= batch.seq) each.done();
    waiting = waiting.filter(({ position }) => position > batch.seq);
  }

  function address(): string {
    const query = new URLSearchParams({ after: String(state.position), node, ...(state.epoch === '' ? {} : { epoch: state.epoch }) });
    return `${origin}/oauth/revocations?${query}`;
  }

  async function read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    try {
      for await (const chunk of body) {
        text += decoder.decode(chunk, { stream: true });
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1] ?? '';
          text = text.slice(end + 2);
          await take(data);
        }
      }
    } catch (error) {
      if (connection?.signal.aborted !== true) throw error;
    }
  }

  return {
    get position() {
      return state.position;
    },
    get epoch() {
      return state.epoch;
    },
    get batches() {
      return state.batches;
    },
    had,
    ids,
    async catchUp() {
      do {
        const reply = await fetch(address(), { headers: { authorization } });
        assert.equal(reply.status, 200);
        await take(await reply.text());
      } while (state.position < state.head);
    },
    async listen() {
      connection = new AbortController();
      const reply = await fetch(address(), { headers: { authorization, accept: 'text/event-stream' }, signal: connection.signal });
      assert.equal(reply.status, 200);
      assert.ok(reply.body !== null);
      reading = read(reply.body);
    },
    async stop() {
      connection?.abort();
      await reading;
    },
    reach: (position) =>
      new Promise((resolve) => {
        if (state.position >= position) resolve();
        else waiting.push({ position, done: resolve });
      }),
    async acknowledge() {
      const body = JSON.stringify({ node, epoch: state.epoch, acks: [{ seq: state.position, ago_ms: 0 }] });
      const headers = { authorization, 'content-type': 'application/json' };
      return (await fetch(`${origin}/oauth/revocations`, { method: 'POST', headers, body })).status;
    },
  };
}
