import assert from 'node:assert/strict';
import { Agent, authorizeAs, type Page, pkce, postForm } from '../support/agent.ts';
import { type Course, originAt, type RaceClient, RUNNER, readTokens, redeem, SPA, startTogether, THIRD, WEB } from './course.ts';

/** What these races need of a course. */
type Track = Pick<Course, 'origins' | 'slowDown' | 'speedUp'>;

/** One consent page, sent many times: one code (attacks CON-13). */
export async function oneConsent(course: Course, agent: Agent, times: number, seed: number): Promise<void> {
  course.speedUp();
  const way = await begin(agent, THIRD, { prompt: 'consent' });
  const consent = way.page.name === 'signin' ? await agent.get((await agent.submit(way.page, RUNNER)).location) : way.page;
  assert.equal(consent.name, 'consent');
  course.slowDown(seed);
  const pages = await startTogether(times, seed, 4, (index) => send(course, agent, index, consent, { decision: 'allow' }));
  await oneOf(course, THIRD, way.verifier, pages);
}

/** The same with the sign-in page, where that is all there is. */
export async function oneSignIn(course: Course, times: number, seed: number): Promise<void> {
  course.speedUp();
  const agent = new Agent(originAt(course, 0));
  const { page, verifier } = await begin(agent, SPA, {});
  assert.equal(page.name, 'signin');
  course.slowDown(seed);
  await oneOf(course, SPA, verifier, await startTogether(times, seed, 4, (index) => send(course, agent, index, page, RUNNER)));
}

/** A sign-up form that is sent many times, and another person's for the same name: one account, of one of the two, and one code for each request. */
export async function oneSignUp(course: Course, times: number, seed: number): Promise<void> {
  course.speedUp();
  const [agent, other] = [new Agent(originAt(course, 0)), new Agent(originAt(course, 1))];
  const { page, verifier } = await begin(agent, SPA, { prompt: 'create' });
  const otherPage = (await begin(other, SPA, { prompt: 'create' })).page;
  assert.deepEqual([page.name, otherPage.name], ['sign-up', 'sign-up']);
  course.slowDown(seed);
  const username = `newcomer${seed}`;
  const pages = await startTogether(times + 1, seed, 4, (index) =>
    index === 0
      ? send(course, other, index, otherPage, { username, password: 'quite another password' })
      : send(course, agent, index, page, { username: username.toUpperCase(), password: 'two halves make a tally' }),
  );
  const [stranger, ...own] = pages;
  if (stranger?.status === 400) return await oneOf(course, SPA, verifier, own);
  assert.ok(stranger?.answer.has('code'));
  assert.deepEqual(new Set(own.map(({ status, name }) => `${status} ${name}`)), new Set(['400 sign-up']));
}

/** One `request_uri`, with which a browser that is signed in comes many times: one code (RFC 9126 §4). */
export async function onePushed(course: Track, agent: Agent, times: number, seed: number): Promise<void> {
  course.speedUp();
  if (agent.cookies.size === 0) await authorizeAs(agent, SPA, RUNNER);
  const { verifier, challenge } = pkce();
  const fields = { response_type: 'code', client_id: WEB.clientId, redirect_uri: WEB.redirectUri, scope: 'openid opaque' };
  const pushed = await postForm(
    `${originAt(course, 1)}/oauth/par`,
    { ...fields, code_challenge: challenge, code_challenge_method: 'S256' },
    WEB.basic,
  );
  assert.equal(pushed.status, 201, JSON.stringify(pushed.body));
  const query = new URLSearchParams({ client_id: WEB.clientId, request_uri: String(pushed.body['request_uri']) });
  course.slowDown(seed);
  const pages = await startTogether(times, seed, 4, (index) => {
    const copy = new Agent(originAt(course, index));
    for (const [cookie, value] of agent.cookies) copy.cookies.set(cookie, value);
    return copy.get(`/oauth/authorize?${query.toString()}`);
  });
  await oneOf(course, WEB, verifier, pages);
}

async function begin(
  agent: Agent,
  client: RaceClient,
  more: Record<string, string>,
): Promise<{ readonly page: Page; readonly verifier: string }> {
  const { verifier, challenge } = pkce();
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.clientId,
    redirect_uri: client.redirectUri,
    scope: client.scope ?? '',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...more,
  });
  const page = await agent.get((await agent.get(`/oauth/authorize?${query.toString()}`)).location);
  return { page, verifier };
}

/** The same browser, at whichever node. */
function send(course: Course, agent: Agent, index: number, page: Page, fields: Record<string, string>): Promise<Page> {
  const copy = new Agent(originAt(course, index));
  for (const [cookie, value] of agent.cookies) copy.cookies.set(cookie, value);
  return copy.submit(page, fields);
}

/** One of the answers goes to the client with a code that works; the others say that it is done. */
async function oneOf(course: Track, client: RaceClient, verifier: string, pages: readonly Page[]): Promise<void> {
  const codes = pages.filter((page) => page.location.startsWith(client.redirectUri));
  assert.equal(codes.length, 1, pages.map((page) => `${page.status} ${page.name} ${page.location}`).join('\n'));
  for (const page of pages) if (!codes.includes(page)) assert.equal(`${page.status} ${page.name}`, '200 completed');
  course.speedUp();
  const code = codes[0]?.answer.get('code') ?? assert.fail('no code');
  readTokens(client, await redeem(originAt(course, 1), { client, code, verifier }));
}
