import { createLocalJWKSet, type JWTVerifyGetKey } from 'jose';
import { Agent, type Page } from '../support/agent.ts';
import { USER } from './world.ts';

/** One of the two servers, as a client sees it. The paths are the same on both. */
export interface Side {
  readonly name: 'ours' | 'theirs';
  readonly issuer: string;
  readonly jwks: JWTVerifyGetKey;
  /** Moves its time. */
  advance(seconds: number): Promise<void>;
  stop(): Promise<void>;
}

/** What a page is for, whoever made it. */
export type PageKind = 'sign-in' | 'consent' | 'error' | 'sign-out?' | 'signed-out' | 'form-post' | 'elsewhere' | 'nothing';

export async function readJwks(issuer: string): Promise<JWTVerifyGetKey> {
  const reply = await fetch(`${issuer}/oauth/jwks`);
  return createLocalJWKSet(Object(await reply.json()));
}

const OURS: Readonly<Record<string, PageKind>> = {
  signin: 'sign-in',
  consent: 'consent',
  error: 'error',
  logout: 'sign-out?',
  'signed-out': 'signed-out',
  'form-post': 'form-post',
};
/** By what only that page says. */
const THEIRS: readonly (readonly [mark: string, kind: PageKind])[] = [
  ['name="prompt" value="login"', 'sign-in'],
  ['name="prompt" value="consent"', 'consent'],
  ['oops! something went wrong', 'error'],
  ['op.logoutForm', 'sign-out?'],
  ['Sign-out Success', 'signed-out'],
  ['Submitting Callback', 'form-post'],
];

export function kindOf(page: Page): PageKind {
  if (page.location !== '') return 'elsewhere';
  if (page.name !== '') return OURS[page.name] ?? 'nothing';
  return THEIRS.find(([mark]) => page.text.includes(mark))?.[1] ?? 'nothing';
}

const MAX_STEPS = 10;

/** Follows what stays on the server, without a click of anybody. A form that posts itself back to the server is sent. */
export async function settle(agent: Agent, first: Page): Promise<Page> {
  let page = first;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    if (page.location.startsWith('/') || page.location.startsWith(`${agent.issuer}/`)) page = await agent.get(page.location);
    else if (kindOf(page) === 'form-post' && page.action.startsWith(agent.issuer)) page = await agent.submit(page, {});
    else break;
  }
  return page;
}

/** What a person does on the page, if it asks something: signs in, agrees, signs out. */
export async function act(agent: Agent, page: Page): Promise<Page | undefined> {
  const kind = kindOf(page);
  if (kind === 'sign-in') return agent.submit(page, { ...USER, login: USER.username });
  if (kind === 'consent') return agent.submit(page, { decision: 'allow' });
  if (kind === 'sign-out?') return agent.submit(page, { decision: 'sign_out', logout: 'yes' });
  return undefined;
}

/** The way through all pages to where there is nothing left to do. */
export async function walk(agent: Agent, first: Page): Promise<Page> {
  let page = await settle(agent, first);
  for (let step = 0; step < 4; step += 1) {
    const next = await act(agent, page);
    if (next === undefined) break;
    page = await settle(agent, next);
  }
  return page;
}
