import assert from 'node:assert/strict';
import type { Agent, JsonReply } from '../support/agent.ts';
import {
  assertDead,
  assertRefused,
  type Course,
  type FreshCode,
  freshCode,
  freshTokens,
  identify,
  originAt,
  type RaceClient,
  readTokens,
  redeem,
  refresh,
  startTogether,
  type Tokens,
} from './course.ts';

/** Races as functions: they must hold on the server, and each must break on the mutants that it is there for. */

/** One code, many racers: one winner, and what it got is revoked, since the others are replays (RFC 6749 §4.1.2). */
export async function oneCode(course: Course, agent: Agent, client: RaceClient, racers: number, seed: number): Promise<void> {
  course.speedUp();
  const fresh = await freshCode(agent, client);
  course.slowDown(seed);
  const replies = await startTogether(racers, seed, 0, (index) => redeem(originAt(course, index), fresh));
  const winners = replies.filter((reply) => reply.status === 200);
  assert.equal(winners.length, 1, `${winners.length} of ${racers} won`);
  for (const reply of replies) if (reply.status !== 200) assertRefused(reply);
  course.speedUp();
  await assertDead(
    course,
    winners.map((reply) => readTokens(client, reply)),
  );
}

/**
 * One refresh token, many uses: one successor, the same refresh token for everybody, access tokens of one name, time and end (product
 * 3.2), and the session goes on.
 */
export async function oneRefreshToken(course: Course, agent: Agent, client: RaceClient, racers: number, seed: number): Promise<void> {
  course.speedUp();
  const first = await freshTokens(course, agent, client);
  course.slowDown(seed);
  const replies = await startTogether(racers, seed, 0, (index) => refresh(originAt(course, index), client, first.refresh));
  course.speedUp();
  await assertOneSuccessor(course, client, first, replies);
}

export async function assertOneSuccessor(
  course: Pick<Course, 'origins'>,
  client: RaceClient,
  before: Tokens,
  replies: readonly JsonReply[],
): Promise<void> {
  const all = replies.map((reply) => readTokens(client, reply));
  const successors = new Set(all.map((tokens) => tokens.refresh));
  assert.equal(successors.size, 1, `${successors.size} successors`);
  assert.ok(!successors.has(before.refresh), 'the refresh token did not change');
  assert.equal(new Set(all.map((tokens) => identify(tokens.access))).size, 1, 'different access tokens');
  // Nobody is signed out: the successor works, and the one after it.
  let [next = ''] = successors;
  for (const origin of [...course.origins, ...course.origins]) next = readTokens(client, await refresh(origin, client, next)).refresh;
}

/** Something that ends a grant: resolves when it is acknowledged. */
export type Ending = (
  course: Course,
  grant: { readonly tokens: Tokens | undefined; readonly fresh: FreshCode },
  agent: Agent,
) => Promise<void>;

/** Refreshes against an ending: once that is acknowledged nothing works, whatever was under way (attacks I8). */
export async function refreshAgainst(course: Course, agent: Agent, client: RaceClient, end: Ending, seed: number): Promise<void> {
  course.speedUp();
  const first = await freshTokens(course, agent, client);
  course.slowDown(seed);
  const ended = Promise.withResolvers<void>();
  const got: Tokens[] = [first];
  await startTogether(9, seed, 12, async (index) => {
    if (index === 0) {
      await end(course, { tokens: first, fresh: first.fresh }, agent);
      ended.resolve();
      return;
    }
    const reply = await refresh(originAt(course, index), client, first.refresh);
    if (reply.status === 200) got.push(readTokens(client, reply));
    else assertRefused(reply);
    if (index % 4 !== 0) return;
    // Begun after the acknowledgement: must fail.
    await ended.promise;
    assertRefused(await refresh(originAt(course, index), client, first.refresh));
  });
  course.speedUp();
  await assertDead(course, got);
}

/** An exchange against an ending: either it comes too late, or what it got is dead. */
export async function exchangeAgainst(course: Course, agent: Agent, client: RaceClient, end: Ending, seed: number): Promise<void> {
  course.speedUp();
  const fresh = await freshCode(agent, client);
  course.slowDown(seed);
  const got: Tokens[] = [];
  await startTogether(2, seed, 10, async (index) => {
    if (index === 0) return end(course, { tokens: undefined, fresh }, agent);
    const reply = await redeem(originAt(course, index), fresh);
    if (reply.status === 200) got.push(readTokens(client, reply));
    else assertRefused(reply);
  });
  course.speedUp();
  await assertDead(course, got);
  assertRefused(await redeem(originAt(course, 0), fresh));
}

/** Authorization against an ending: a code that was issued meanwhile brings nothing. */
export async function codesAgainst(course: Course, agent: Agent, client: RaceClient, end: Ending, seed: number): Promise<void> {
  course.speedUp();
  const before = await freshCode(agent, client);
  course.slowDown(seed);
  const codes: FreshCode[] = [];
  await startTogether(5, seed, 10, async (index) => {
    if (index === 0) return end(course, { tokens: undefined, fresh: before }, agent);
    const code = await silentCode(agent, client);
    if (code !== undefined) codes.push(code);
  });
  course.speedUp();
  for (const code of codes) assertRefused(await redeem(originAt(course, 0), code));
}

/** With `prompt=none`, so that only what is there already counts. */
async function silentCode(agent: Agent, client: RaceClient): Promise<FreshCode | undefined> {
  const verifier = 'v'.repeat(43);
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    scope: client.scope ?? '',
    code_challenge: V_CHALLENGE,
    code_challenge_method: 'S256',
    prompt: 'none',
  });
  const page = await agent.get(`/oauth/authorize?${query.toString()}`);
  assert.equal(page.status, 303, page.text.slice(0, 200));
  const code = page.answer.get('code');
  if (code === null) assert.match(page.answer.get('error') ?? '', /^(login|consent)_required$/);
  return code === null ? undefined : { client, code, verifier };
}

/** S256 of 43 times `v`. */
const V_CHALLENGE = '7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM';
