import assert from 'node:assert/strict';
import { readJwt } from '@hufu/protocol/jwt';
import { MAX_BATCH_LENGTH, type RevocationBatch } from '@hufu/protocol/revocation-batch';
import { atEndOfTurn } from '../clock.ts';
import type { Context } from '../context.ts';
import type { BodyStream, HttpReply, HttpRequest } from '../http.ts';
import { SECRETS, type World } from './world.ts';

/** The header of a client that authenticates with its secret. */
export function basic(client: string, secret: string): Readonly<Record<string, string>> {
  return { authorization: `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}` };
}

/** A request of a follower; without `headers` it is the client `api`, which may follow. */
export function followerRequest(world: World, query: string, part: Partial<HttpRequest> = {}): HttpRequest {
  return world.http({ path: '/oauth/revocations', query, ...part, headers: { ...basic('api', SECRETS.api), ...part.headers } });
}

/** What a batch says, its signature and header checked. */
export function readBatch(ctx: Context, jws: string): RevocationBatch {
  const jwt = readJwt(jws, MAX_BATCH_LENGTH);
  assert.ok(jwt !== undefined);
  assert.equal(jwt.header['typ'], 'revocations+jwt');
  const key = ctx.keys.verifierFor(String(jwt.header['kid']), Math.floor(ctx.clock.nowMs() / 1000));
  assert.ok(key?.verify(jwt.signingInput, jwt.signature) === true, 'the signature is of a key of ours');
  const batch: RevocationBatch = Object(jwt.payload);
  return batch;
}

/** The batch of a reply, which has to be one. */
export function batchOf(ctx: Context, reply: HttpReply): RevocationBatch {
  assert.equal(reply.status, 200, String(reply.body));
  assert.equal(reply.headers['content-type'], 'application/jose');
  return readBatch(ctx, String(reply.body));
}

/** The other side of a stream. */
export interface HeardStream {
  /** What was written, until it is taken. */
  readonly texts: string[];
  /** `undefined` while it goes on. */
  readonly end: 'ended' | 'cut' | undefined;
  /** Whether there is room for more. */
  hasRoom: boolean;
  /** What was written has gone out. */
  drain(): void;
  /** Goes away. */
  leave(): void;
  /** The batches so far, which are taken. */
  take(ctx: Context): RevocationBatch[];
}

/** Takes a reply's stream as a socket would. */
export function hear(reply: HttpReply): HeardStream {
  assert.equal(reply.status, 200, String(reply.body));
  const texts: string[] = [];
  const room: (() => void)[] = [];
  const close: (() => void)[] = [];
  const heard = {
    texts,
    end: undefined as HeardStream['end'],
    hasRoom: true,
    drain: () => {
      heard.hasRoom = true;
      for (const act of room) act();
    },
    leave: () => {
      for (const act of close) act();
    },
    take: (ctx: Context) => texts.splice(0).map((text) => readEvent(ctx, text)),
  };
  const body: BodyStream = {
    write(text) {
      texts.push(text);
      return heard.hasRoom;
    },
    onRoom: (act) => void room.push(act),
    onClose: (act) => void close.push(act),
    end() {
      heard.end = 'ended';
      heard.leave();
    },
    cut() {
      heard.end = 'cut';
      heard.leave();
    },
  };
  reply.stream?.(body);
  return heard;
}

function readEvent(ctx: Context, text: string): RevocationBatch {
  const match = /^id: ([\w-]+\.[0-9]+)\ndata: ([\w.-]+)\n\n$/.exec(text);
  assert.ok(match !== null, text);
  const batch = readBatch(ctx, match[2] ?? '');
  assert.equal(`${batch.epoch}.${batch.seq}`, match[1]);
  return batch;
}

/** Until everything that was begun in this turn has been done. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise<void>((resolve) => atEndOfTurn(resolve));
}
