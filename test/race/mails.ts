import assert from 'node:assert/strict';
import { Agent } from '../support/agent.ts';
import { codeOf, type DevMail, linkOf } from '../support/mails.ts';
import { type Course, originAt, startTogether } from './course.ts';

/** What these races need of a course. */
type Track = Pick<Course, 'origins' | 'context' | 'slowDown' | 'speedUp'>;

const SESSION = 'hufu_session';
const WAIT_MS = 60_000;

/** Somebody of their own for each race, with an address. */
async function newRunner({ context: ctx }: Track, seed: number): Promise<{ readonly username: string; readonly address: string }> {
  const username = `reader${seed}`;
  const passwordHash = (await ctx.store.findUserByName(ctx.tenant, 'runner'))?.passwordHash;
  const claims = { email: `${username}@post.example`, email_verified: true };
  await ctx.store.createUser(ctx.tenant, { sub: username, username, passwordHash, claims }, Math.floor(ctx.clock.nowMs() / 1000));
  return { username, address: claims.email };
}

/** Whichever node has sent it. */
async function findMail({ origins }: Track, address: string): Promise<DevMail> {
  for (const begun = performance.now(); performance.now() - begun < WAIT_MS; await new Promise((resolve) => setTimeout(resolve, 20))) {
    for (const origin of origins) {
      const reply = await fetch(`${origin}/dev/mail`, { headers: { accept: 'application/json' } });
      const mails: DevMail[] = JSON.parse(await reply.text());
      const found = mails.find(({ to }) => to === address);
      if (found !== undefined) return found;
    }
  }
  throw new Error(`no mail for ${address}`);
}

/** The same browser at another node, in a tab of its own. */
function tabOf(course: Track, agent: Agent, index: number): Agent {
  const tab = new Agent(originAt(course, index));
  for (const [name, value] of agent.cookies) tab.cookies.set(name, value);
  return tab;
}

function pathOf(mail: DevMail): string {
  const { pathname, search } = new URL(linkOf(mail));
  return pathname + search;
}

/** One mail: its code and its link, sent by many tabs at once, sign one of them in. */
export async function oneMail(course: Track, times: number, seed: number): Promise<void> {
  course.speedUp();
  const { username, address } = await newRunner(course, seed);
  const agent = new Agent(originAt(course, 0));
  const { hidden } = await agent.get('/signin/email');
  const asked = await agent.post('/signin/email', { ...hidden, address });
  const typing = await agent.get(asked.location);
  const mail = await findMail(course, address);
  const linked = await agent.get(pathOf(mail));
  const tabs = Array.from({ length: times }, (_, index) => tabOf(course, agent, index));
  course.slowDown(seed);
  await startTogether(times, seed, 4, (index) => {
    const tab = tabs[index] ?? assert.fail();
    return index % 2 === 0 ? tab.submit(typing, { code: codeOf(mail) }) : tab.submit(linked, { act: 'go' });
  });
  course.speedUp();
  assert.equal(tabs.filter((tab) => tab.cookies.has(SESSION)).length, 1);
  const { context: ctx } = course;
  const user = (await ctx.store.findUserByName(ctx.tenant, username)) ?? assert.fail();
  assert.equal((await ctx.store.listSessions(ctx.tenant, user.id, 10, Math.floor(ctx.clock.nowMs() / 1000))).length, 1);
}

/** One link to reset, used many times with different passwords: one of these is the password then. */
export async function oneReset(course: Track, times: number, seed: number): Promise<void> {
  course.speedUp();
  const { username, address } = await newRunner(course, seed);
  const agent = new Agent(originAt(course, 0));
  const { hidden } = await agent.get('/recover');
  await agent.post('/recover', { ...hidden, address });
  const page = await agent.get(pathOf(await findMail(course, address)));
  const tabs = Array.from({ length: times }, (_, index) => tabOf(course, agent, index));
  const passwordOf = (index: number): string => `a password of racer ${index} in ${seed}`;
  course.slowDown(seed);
  const replies = await startTogether(times, seed, 4, (index) =>
    (tabs[index] ?? assert.fail()).submit(page, { password: passwordOf(index) }),
  );
  course.speedUp();
  const winners = replies.flatMap(({ status }, index) => (status === 200 ? [index] : []));
  assert.equal(winners.length, 1, replies.map(({ status }) => status).join(' '));
  const { context: ctx } = course;
  const user = (await ctx.store.findUserByName(ctx.tenant, username)) ?? assert.fail();
  assert.ok(await ctx.passwords.verify(user.passwordHash, passwordOf(winners[0] ?? -1)));
}
