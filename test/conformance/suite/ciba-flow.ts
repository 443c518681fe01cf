import assert from 'node:assert/strict';
import { type Asked, ask, type CibaRun, type CibaShape, decide, poll, readPending } from './ciba-request.ts';
import type { FapiClient } from './fapi1-clients.ts';
import { readFapiTokens, requireResource } from './fapi1-tokens.ts';
import { type HttpReply, mediaType } from './https-client.ts';
import { readObject } from './json.ts';
import { halfHash, type Jwt } from './jwt.ts';
import type { SiteReply, SiteRequest } from './site.ts';
import type { Tokens } from './token-endpoint.ts';

const WAITING: readonly string[] = ['authorization_pending', 'slow_down'];
const NOTICE_MS = 60_000;
/** Notifications are sent at once; what has not come by then does not come. */
const SILENCE_MS = 400;

/** Where the clients of the variant are told: those of a run take turns. */
export function notificationUrl({ run }: CibaRun): string {
  return `${run.base}/ciba-notification-endpoint`;
}

/** Two polls while nobody has decided, as far apart as the client was told (OpenID Connect CIBA §7.3, §11). */
export async function pollInVain(bench: CibaRun, asked: Asked): Promise<void> {
  const { provider } = bench.run;
  readPending(await poll(bench, asked), WAITING);
  await provider.wait(asked.intervalSeconds);
  const error = readPending(await poll(bench, asked), WAITING);
  await provider.wait(asked.intervalSeconds + (error === 'slow_down' ? 5 : 0));
}

/** The whole way: asked, allowed, told where the client is told, and up to the resource. */
export async function signInCiba(bench: CibaRun, client: FapiClient, shape: CibaShape = {}, notificationToken?: string): Promise<CibaFlow> {
  const asked = await ask(bench, client, shape, notificationToken);
  await pollInVain(bench, asked);
  await decide(bench, asked, 'allow');
  return finishCiba(bench, asked, await awaitDecision(bench, asked));
}

export interface CibaFlow {
  readonly asked: Asked;
  readonly tokens: Tokens & { readonly id: Jwt };
}

/** Reads the tokens and uses them. */
export async function finishCiba(bench: CibaRun, asked: Asked, reply: HttpReply): Promise<CibaFlow> {
  const tokens = readFapiTokens(bench, asked.client, reply, { nonce: undefined });
  checkCibaClaims(bench, asked, tokens);
  await requireResource(bench, asked.client, tokens.accessToken);
  return { asked, tokens };
}

/** Waits as the variant does until somebody has decided. @returns what the token endpoint then says */
export async function awaitDecision(bench: CibaRun, asked: Asked): Promise<HttpReply> {
  if (bench.variant.mode === 'ping') {
    await awaitNotice(bench, asked);
    return poll(bench, asked);
  }
  await bench.run.provider.wait(asked.intervalSeconds);
  const reply = await poll(bench, asked);
  assert.equal(bench.run.site.requestsFor(notificationUrl(bench)).length, 0, 'a client that polls was told');
  return reply;
}

/** OpenID Connect CIBA §10.2 */
export async function awaitNotice(bench: CibaRun, { id, notificationToken }: Asked): Promise<void> {
  const { site } = bench.run;
  const url = notificationUrl(bench);
  const request = await site.awaitRequest(url, site.requestsFor(url).length === 0 ? 1 : site.requestsFor(url).length, NOTICE_MS);
  assert.ok(request !== undefined, 'the client was not told');
  checkNotice(request, id, notificationToken);
}

function checkNotice(request: SiteRequest, id: string, notificationToken: string): void {
  assert.equal(request.method, 'POST', 'notification: method');
  assert.equal(mediaType(request), 'application/json', 'notification: content-type');
  assert.equal(request.headers['authorization'], `Bearer ${notificationToken}`, 'notification: authorization');
  assert.deepEqual(readObject(request.body, 'notification'), { auth_req_id: id }, 'notification: body');
}

/** What the client answers when it is told. */
export function answerNotices(bench: CibaRun, reply: SiteReply): void {
  bench.run.site.publish(notificationUrl(bench), () => reply);
}

/** Nobody is told (again) for as long as that takes, by the server's clock too. @returns how often the client was told in all */
export async function noticesAfter(bench: CibaRun, seconds: number): Promise<number> {
  const url = notificationUrl(bench);
  await bench.run.provider.wait(seconds);
  await bench.run.site.awaitRequest(url, 2, SILENCE_MS);
  return bench.run.site.requestsFor(url).length;
}

/** OpenID Connect CIBA §10.3.1: right where they stand. */
function checkCibaClaims({ run }: CibaRun, { id }: Asked, { id: token, refreshToken }: CibaFlow['tokens']): void {
  const { header, claims } = token;
  const named = claims['urn:openid:params:jwt:claim:auth_req_id'];
  if (named !== undefined) assert.equal(named, id, 'ID token: auth_req_id');
  const hash = claims['urn:openid:params:jwt:claim:rt_hash'];
  if (hash !== undefined) assert.equal(hash, halfHash(header['alg'], refreshToken ?? ''), 'ID token: rt_hash');
  run.should(claims['c_hash'] === undefined && claims['s_hash'] === undefined, 'the ID token has a hash of nothing');
}
