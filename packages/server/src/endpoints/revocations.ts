import { OAuthError } from '@hufu/protocol/errors';
import { type Form, readQuery } from '@hufu/protocol/form';
import type { RevocationPoint } from '@hufu/store/port';
import { monotonicMs } from '../clock.ts';
import type { Context } from '../context.ts';
import { Trail } from '../decisions/trail.ts';
import type { HttpReply, HttpRequest } from '../http.ts';
import { json, refusal, toOAuthError } from '../reply.ts';
import { type Feed, feedOf } from '../revocation/feed.ts';
import { type Follower, isToken, requireFollower } from '../revocation/follower.ts';
import type { Batch } from '../revocation/hub.ts';
import { tellsOfMore } from '../revocation/tells-of-more.ts';
import { resourceRefusal, withNonce } from '../sender/resource-refusal.ts';
import { REVOCATIONS_SCOPE } from '../tokens/own-apis.ts';
import { requireJson } from './json-body.ts';

const MAX_WAIT_SECONDS = 30;
const MAX_ACKS = 50;
/** The furthest that an acknowledgement looks back. */
const MAX_AGO_MS = 7 * 86_400_000;
/** A position that nothing is known of any more. */
const DEAD_MS = 3_000;
/** Characters of a batch that somebody shows: one without entries. */
const MAX_SHOWN = 4_096;

const NODE = /^[\w.:-]{1,64}$/;
const EPOCH = /^[\w-]{1,64}$/;
const NUMBER = /^(?:0|[1-9][0-9]{0,15})$/;

const NO_STORE = { 'cache-control': 'no-store, no-transform', 'x-content-type-options': 'nosniff' } as const;
const BATCH_HEADERS = Object.freeze({ ...NO_STORE, 'content-type': 'application/jose' });
const STREAM_HEADERS = Object.freeze({ ...NO_STORE, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });

/** The log begins anew for whoever asked: under the name that is told, and from 0. */
interface Elsewhere {
  readonly kind: 'elsewhere';
  readonly reply: HttpReply;
}

/** `GET /oauth/revocations`: what comes after a position, once, as soon as there is something, or as a stream (docs/guides/revocation.md). */
export function readRevocations(ctx: Context, request: HttpRequest): Promise<HttpReply> {
  return forFollowers(ctx, request, (follower, trail) => readFor(ctx, request, follower, trail));
}

/**
 * The same for a follower of this very process, which nobody has to let: it asks again and again, and gets no stream. What goes wrong is thrown.
 */
export async function readOwnRevocations(ctx: Context, request: HttpRequest): Promise<HttpReply> {
  const own: Follower = { clientId: '', endsAt: undefined, checkAgain: async () => undefined };
  return wantsStream(request.headers['accept']) ? NO_STREAM : readFor(ctx, request, own, new Trail());
}

const NO_STREAM: HttpReply = { status: 406, headers: NO_STORE, body: '' };

async function readFor(ctx: Context, request: HttpRequest, follower: Follower, trail: Trail): Promise<HttpReply> {
  trail.at('parameters');
  const asked = readAsked(request);
  const feed = feedOf(ctx);
  trail.at('feed_position');
  const begun = monotonicMs();
  const batch = await firstBatch(ctx, feed, asked, begun);
  if ('kind' in batch) return batch.reply;
  if (!asked.isStream) {
    if (follower.clientId !== '') feed.seen(follower, asked.node);
    trail.at('feed_room');
    await feed.polls.wait(follower.clientId, batch.seq, batch.seq > asked.after ? 0 : asked.waitSeconds, request.whenGone);
    const isNews = batch.seq > asked.after || asked.waitSeconds === 0;
    const answer = isNews ? batch : await firstBatch(ctx, feed, asked, monotonicMs());
    return 'kind' in answer ? answer.reply : { status: 200, headers: BATCH_HEADERS, body: answer.jws };
  }
  trail.at('feed_room');
  feed.streams.requireRoom(follower.clientId, asked.node);
  const opening = { follower, node: asked.node, first: batch, seen: () => feed.seen(follower, asked.node) };
  return { status: 200, headers: STREAM_HEADERS, body: '', stream: (body) => feed.streams.attach(opening, body) };
}

/** `POST /oauth/revocations`: that a follower enforces everything up to some numbers, and since when. */
export function acknowledgeRevocations(ctx: Context, request: HttpRequest): Promise<HttpReply> {
  return forFollowers(ctx, request, async (follower, trail) => {
    trail.at('parameters');
    const { node, epoch, points } = readAcknowledgement(request);
    const feed = feedOf(ctx);
    const wait = feed.takeAcknowledgement(follower, node);
    if (wait > 0) {
      const refused = {
        code: 'slow_down',
        description: 'acknowledgements come too fast; try again later',
        detail: 'limits feed-acks-node, feed-acks',
      } as const;
      // A node that goes on is one decision.
      trail.repeats = `acknowledgements ${follower.clientId} ${node}`;
      const decision = ctx.decisions.record('revocations', 429, refused, trail, request.nowMs);
      const body = { error: refused.code, error_description: refused.description };
      return json(429, body, { 'retry-after': String(wait), 'hufu-decision': decision });
    }
    trail.at('feed_position');
    const last = points.reduce((most, { seq }) => Math.max(most, seq), 0);
    if (feed.hub.ageMs() > DEAD_MS || last > feed.hub.head || epoch !== feed.hub.epoch) await feed.hub.look();
    if (epoch !== feed.hub.epoch) throw new OAuthError('invalid_request', 'the epoch is another one');
    if (last > feed.hub.head) throw new OAuthError('invalid_request', 'a seq is beyond the end of the log');
    await ctx.store.acknowledgeRevocations(ctx.tenant, { clientId: follower.clientId, node, epoch, points, nowMs: request.nowMs });
    return { status: 204, headers: NO_STORE, body: '' };
  });
}

type Act = (follower: Follower, trail: Trail) => Promise<HttpReply>;

async function forFollowers(ctx: Context, request: HttpRequest, act: Act): Promise<HttpReply> {
  return withNonce(ctx, request, await replyOf(ctx, request, act), 'rs');
}

async function replyOf(ctx: Context, request: HttpRequest, act: Act): Promise<HttpReply> {
  const trail = new Trail();
  try {
    return await act(await requireFollower(ctx, request, trail), trail);
  } catch (thrown) {
    if (!isToken(request)) return refusal(ctx, 'revocations', request, trail, thrown);
    const error = toOAuthError(ctx, thrown, request);
    const decision = ctx.decisions.record('revocations', error.status, error, trail, request.nowMs);
    const scope = error.code === 'insufficient_scope' ? { scope: [REVOCATIONS_SCOPE] } : {};
    return resourceRefusal(error, { decision, scheme: request.headers['dpop'] === undefined ? 'Bearer' : 'DPoP', ...scope });
  }
}

interface Asked {
  readonly after: number;
  readonly epoch: string | undefined;
  /** The last batch that it has heard, as it came: what it says of the end of the log nobody invents. */
  readonly last: string | undefined;
  readonly node: string;
  readonly waitSeconds: number;
  readonly isStream: boolean;
}

function readAsked({ query, headers }: HttpRequest): Asked {
  const form = readQuery(query);
  const isStream = wantsStream(headers['accept']);
  // Whoever reconnects by itself asks for what it asked for first, and says in the header how far it came.
  const id = headers['last-event-id'];
  const { after, epoch } = isStream && typeof id === 'string' && id !== '' ? readEventId(id, form) : readPosition(form);
  const last = form.get('last');
  const node = form.get('node') ?? 'default';
  if (!NUMBER.test(after)) throw new OAuthError('invalid_request', 'after is not a number of an entry');
  if (epoch !== undefined && !EPOCH.test(epoch)) throw new OAuthError('invalid_request', 'epoch is malformed');
  if (epoch === undefined && after !== '0') throw new OAuthError('invalid_request', 'a position needs the epoch that it is of');
  if (!NODE.test(node)) throw new OAuthError('invalid_request', 'node has 1 to 64 letters, digits and ._:-');
  if (last !== undefined && last.length > MAX_SHOWN) throw new OAuthError('invalid_request', 'last is not a batch without entries');
  return { after: Number(after), epoch, last, node, waitSeconds: readWait(form), isStream };
}

interface AskedPosition {
  readonly after: string;
  readonly epoch: string | undefined;
}

function readPosition(form: Form): AskedPosition {
  return { after: form.get('after') ?? '0', epoch: form.get('epoch') };
}

/** As streams number their events, or the number alone where the address names the log. */
function readEventId(id: string, form: Form): AskedPosition {
  const dot = id.indexOf('.');
  return dot < 0 ? { after: id, epoch: form.get('epoch') } : { after: id.slice(dot + 1), epoch: id.slice(0, dot) };
}

function readWait(form: Form): number {
  const wait = form.get('wait') ?? '0';
  if (!NUMBER.test(wait)) throw new OAuthError('invalid_request', 'wait is not a number of seconds');
  return Math.min(Number(wait), MAX_WAIT_SECONDS);
}

function wantsStream(accept: string | string[] | undefined): boolean {
  return (
    typeof accept === 'string' && accept.split(',').some((range) => range.split(';', 1)[0]?.trim().toLowerCase() === 'text/event-stream')
  );
}

/** Signed after the request has come, and true of a moment after it. */
async function firstBatch(ctx: Context, { hub }: Feed, { after, epoch, last }: Asked, begun: number): Promise<Batch | Elsewhere> {
  await hub.look();
  const isOther = epoch !== undefined && epoch !== hub.epoch;
  if (isOther || after > hub.head) {
    // Only what we have signed ourselves shows that the store has gone back; a position is only a number that somebody says.
    if (!isOther && last !== undefined && tellsOfMore(ctx, last, hub)) await hub.renew();
    const description = isOther ? 'the log has another name: begin at 0' : 'the position is beyond the end of the log: begin at 0';
    return { kind: 'elsewhere', reply: json(409, { error: 'epoch_changed', error_description: description, epoch: hub.epoch }) };
  }
  return await hub.batch(after, begun);
}

interface ReadAcknowledgement {
  readonly node: string;
  readonly epoch: string;
  readonly points: readonly RevocationPoint[];
}

function readAcknowledgement(request: HttpRequest): ReadAcknowledgement {
  const { node, epoch, acks } = requireJson(request);
  if (typeof node !== 'string' || !NODE.test(node)) throw new OAuthError('invalid_request', 'node has 1 to 64 letters, digits and ._:-');
  if (typeof epoch !== 'string' || !EPOCH.test(epoch)) throw new OAuthError('invalid_request', 'epoch is missing or malformed');
  if (!Array.isArray(acks) || acks.length > MAX_ACKS) throw new OAuthError('invalid_request', `acks is a list of at most ${MAX_ACKS}`);
  return { node, epoch, points: acks.map((ack: unknown) => readPoint(ack, request.nowMs)) };
}

function readPoint(ack: unknown, nowMs: number): RevocationPoint {
  const { seq, ago_ms: ago }: { readonly seq?: unknown; readonly ago_ms?: unknown } = Object(ack);
  if (!isCount(seq, Number.MAX_SAFE_INTEGER) || !isCount(ago, MAX_AGO_MS))
    throw new OAuthError('invalid_request', 'an ack has a seq and an ago_ms, whole numbers');
  return { seq, atMs: nowMs - ago };
}

function isCount(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most;
}
