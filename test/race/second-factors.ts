import assert from 'node:assert/strict';
import { type App, giveApp } from '@hufu/server/testing/second-factors';
import { Agent, type Page } from '../support/agent.ts';
import { type Course, originAt, startTogether } from './course.ts';

/** What these races need of a course. */
type Track = Pick<Course, 'origins' | 'context' | 'slowDown' | 'speedUp'>;

const SESSION = 'hufu_session';
const RUN_SECONDS = 30;

/** Somebody of their own for each race. */
export interface Runner {
  readonly username: string;
  readonly app: App;
}

export async function newRunner({ context: ctx }: Track, seed: number): Promise<Runner> {
  const username = `climber${seed}`;
  const passwordHash = (await ctx.store.findUserByName(ctx.tenant, 'runner'))?.passwordHash;
  const now = (): number => Math.floor(ctx.clock.nowMs() / 1000);
  await ctx.store.createUser(ctx.tenant, { sub: username, username, passwordHash, claims: {} }, now());
  return { username, app: await giveApp({ ctx, store: ctx.store, tenant: ctx.tenant, now }, username) };
}

/** Browsers that have shown the password, each with its page for the second factor. */
export async function halfWay(
  course: Track,
  { username }: Runner,
  password: string,
  count: number,
): Promise<readonly (readonly [Agent, Page])[]> {
  const all: (readonly [Agent, Page])[] = [];
  for (let i = 0; i < count; i++) {
    const agent = new Agent(originAt(course, i));
    const sent = await agent.submit(await agent.get('/signin'), { username, password });
    assert.match(sent.location, /^\/signin\/verify/, sent.text.slice(0, 200));
    all.push([agent, await agent.get(sent.location)]);
  }
  return all;
}

/** One code, sent by many browsers at once: one of them is signed in (attacks USR-11). */
export async function oneCode(course: Track, password: string, times: number, way: 'totp' | 'recovery_code', seed: number): Promise<void> {
  course.speedUp();
  const runner = await newRunner(course, seed);
  const browsers = await halfWay(course, runner, password, times);
  await waitForStep(course);
  const code = way === 'totp' ? runner.app.code() : (runner.app.recoveryCodes[0] ?? '');
  course.slowDown(seed);
  const pages = await startTogether(times, seed, 4, async (index) => {
    const [agent, page] = browsers[index] ?? assert.fail();
    return agent.submit(page, { way, code });
  });
  assert.equal(
    browsers.filter(([agent]) => agent.cookies.has(SESSION)).length,
    1,
    `${way}: ${pages.map(({ status }) => status).join(' ')}`,
  );
  assert.equal(pages.filter(({ status }) => status === 401).length, times - 1);
}

/** One progress, sent many times with different right codes: one session (attacks SES-11). */
export async function oneProgress(course: Track, password: string, seed: number): Promise<void> {
  course.speedUp();
  const runner = await newRunner(course, seed);
  const [first] = await halfWay(course, runner, password, 1);
  const [agent, page] = first ?? assert.fail();
  course.slowDown(seed);
  const codes = runner.app.recoveryCodes;
  const pages = await startTogether(codes.length, seed, 4, async (index) => {
    const tab = new Agent(originAt(course, index));
    for (const [name, value] of agent.cookies) tab.cookies.set(name, value);
    await tab.submit(page, { way: 'recovery_code', code: codes[index] ?? '' });
    return tab;
  });
  assert.equal(pages.filter((tab) => tab.cookies.has(SESSION)).length, 1);
}

/** So that the code of a step is one for the whole race. */
async function waitForStep({ context }: Track): Promise<void> {
  const left = RUN_SECONDS * 1000 - (context.clock.nowMs() % (RUN_SECONDS * 1000));
  if (left < 5_000) await new Promise((resolve) => setTimeout(resolve, left));
}
