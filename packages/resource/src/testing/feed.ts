import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock, systemNowMs } from '../clock.ts';
import { answer, makeKey, signToken, startIssuer, type TestIssuer, type TestKey } from './issuer.ts';

/** An issuer with a revocation feed that does what is written of it, and whose every part a test can break. */
export interface TestFeed extends TestIssuer {
  readonly key: TestKey;
  readonly feed: Feed;
}

export interface WireEntry {
  readonly kind: string;
  readonly id: string;
  readonly exp?: number;
  readonly before?: number;
  readonly info?: boolean;
  readonly reason?: string;
}

export interface Feed {
  epoch: string;
  hub: string;
  /** Where the log ends. */
  head: number;
  readonly entries: (WireEntry & { readonly seq: number; readonly at: number; readonly reason: string })[];
  /** Entries of one batch, at most. */
  pageSize: number;
  /** Milliseconds between heartbeats; 0: none are sent. */
  heartbeatMs: number;
  /** Milliseconds between a look at the log and the signature, as the batch says it. */
  lagMs: number;
  /** What a batch says before it is signed. */
  change: (payload: Record<string, unknown>) => unknown;
  header: object;
  signer: TestKey;
  /** Instead of an answer. */
  instead: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  readonly asked: { readonly method: string; readonly query: URLSearchParams; readonly headers: IncomingMessage['headers'] }[];
  readonly acks: { readonly node: string; readonly epoch: string; readonly acks: readonly { seq: number; ago_ms: number }[] }[];
  /** Adds to the log and tells those who listen. */
  revoke(...entries: readonly WireEntry[]): void;
  /** Ends all streams. */
  cut(): void;
  /** The log of another store. */
  restart(): void;
}

const WHILE = 600;

export async function startFeed(): Promise<TestFeed> {
  const key = makeKey('ES256', 'feed');
  const issuer = await startIssuer([key]);
  const streams = new Set<{ readonly response: ServerResponse; position: number }>();
  const polls = new Set<{ readonly after: number; readonly send: () => void }>();
  const now = (): number => Math.floor(systemNowMs() / 1000);

  const batchAfter = (after: number): { readonly text: string; readonly seq: number } => {
    const beat = performance.now() + 1e6;
    const page = feed.entries.filter(({ seq }) => seq > after).slice(0, feed.pageSize);
    const isLast = (page.at(-1)?.seq ?? 0) === (feed.entries.at(-1)?.seq ?? 0) || page.length === 0;
    const seq = isLast ? feed.head : (page.at(-1)?.seq ?? feed.head);
    const { epoch, hub, head } = feed;
    const payload = { iss: issuer.issuer, iat: now(), epoch, hub, beat: beat - feed.lagMs, signed: beat, after, seq, head, entries: page };
    return { text: signToken(feed.signer, feed.change(payload), { typ: 'revocations+jwt', ...feed.header }), seq };
  };
  const push = (): void => {
    for (const stream of streams) {
      const { text, seq } = batchAfter(stream.position);
      stream.position = seq;
      stream.response.write(`id: ${seq}\ndata: ${text}\n\n`);
    }
  };
  const closing = new AbortController();
  const beat = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      if (feed.heartbeatMs > 0) push();
      await systemClock.wait(Math.max(50, feed.heartbeatMs), closing.signal);
    }
  };

  const answerFeed = (request: IncomingMessage, response: ServerResponse): void => {
    const query = new URL(request.url ?? '', issuer.issuer).searchParams;
    feed.asked.push({ method: request.method ?? '', query, headers: request.headers });
    if (feed.instead?.(request, response) === true) return;
    if (request.method === 'POST') return takeAcks(request, response);
    const isStream = request.headers.accept === 'text/event-stream';
    const after = Number(isStream ? request.headers['last-event-id'] : query.get('after'));
    if (after > feed.head || (query.get('epoch') ?? feed.epoch) !== feed.epoch) {
      response.writeHead(409, { 'content-type': 'application/json' }).end(JSON.stringify({ error: 'epoch_changed', epoch: feed.epoch }));
      return;
    }
    if (isStream) {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform' });
      const stream = { response, position: after };
      streams.add(stream);
      response.on('close', () => streams.delete(stream));
      push();
      return;
    }
    const send = (): void => {
      response.writeHead(200, { 'content-type': 'application/jose', 'cache-control': 'no-store' }).end(batchAfter(after).text);
    };
    if (query.get('wait') === null || feed.head > after) return send();
    const poll = { after, send };
    polls.add(poll);
    const gone = new AbortController();
    response.on('close', () => {
      polls.delete(poll);
      gone.abort();
    });
    void systemClock.wait(Number(query.get('wait')) * 1000, gone.signal).then(() => polls.delete(poll) && send());
  };
  const takeAcks = (request: IncomingMessage, response: ServerResponse): void => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      feed.acks.push(JSON.parse(body));
      response.writeHead(204).end();
    });
  };

  const feed: Feed = {
    epoch: randomBytes(8).toString('hex'),
    hub: randomBytes(8).toString('hex'),
    head: 0,
    entries: [],
    pageSize: 1_000,
    heartbeatMs: 50,
    lagMs: 0,
    change: (payload) => payload,
    header: {},
    signer: key,
    instead: undefined,
    asked: [],
    acks: [],
    revoke(...entries) {
      for (const entry of entries) {
        feed.head += 1;
        const { kind, exp = kind === 'key' ? undefined : now() + WHILE } = entry;
        feed.entries.push({ reason: 'user_revoked', ...entry, seq: feed.head, at: now(), ...(exp === undefined ? {} : { exp }) });
      }
      push();
      for (const poll of polls) {
        polls.delete(poll);
        poll.send();
      }
    },
    cut() {
      for (const { response } of streams) response.destroy();
    },
    restart() {
      feed.epoch = randomBytes(8).toString('hex');
      feed.entries.length = 0;
      feed.head = 0;
      feed.cut();
    },
  };
  issuer.served.answer = (request, response) => {
    if (request.url?.startsWith('/oauth/revocations') === true) answerFeed(request, response);
    else answer(issuer.served, request, response);
  };
  const beating = beat();
  return {
    ...issuer,
    key,
    feed,
    async close() {
      closing.abort();
      await beating;
      await issuer.close();
    },
  };
}
