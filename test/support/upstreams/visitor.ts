import assert from 'node:assert/strict';
import { Agent, type Page } from '../agent.ts';

/** Where a browser is on its way between Hufu and an upstream. */
export interface Stop {
  readonly page: Page;
  readonly url: string;
}

/** Presses a button of the sign-in page. @returns the redirect to the upstream */
export async function press(agent: Agent, name: string, path: string = '/signin'): Promise<Page> {
  const page = await agent.get(path);
  assert.equal(page.name, 'signin', page.text);
  assert.match(page.text, new RegExp(`id="signin-with-${name}"`));
  return agent.post(`/signin/with/${name}`, page.hidden);
}

/** Follows redirects, also across hosts, until a page or an address of `stopsAt`. */
export async function follow(agent: Agent, from: Page, base: string, stopsAt?: string): Promise<Stop> {
  let page = from;
  let url = base;
  for (let steps = 0; steps < 12 && page.status >= 300 && page.status < 400; steps++) {
    const next = new URL(page.location, url).href;
    if (stopsAt !== undefined && next.startsWith(stopsAt)) return { page, url: next };
    url = next;
    page = await agent.get(url);
  }
  return { page, url };
}

/**
 * Goes to `oidc-provider` with a redirect of ours, signs in there as somebody, and comes back. @returns the address of our callback, which has not been asked yet
 */
export async function signInThere(agent: Agent, redirect: Page, as: string, callback: string): Promise<string> {
  const base = agent.issuer;
  let stop = await follow(agent, redirect, base, callback);
  if (!stop.url.startsWith(callback)) {
    const action = new URL(stop.page.action, stop.url).href;
    stop = await follow(agent, await agent.post(action, { prompt: 'login', login: as, password: 'any' }), action, callback);
  }
  assert.ok(stop.url.startsWith(callback), `${stop.url}\n${stop.page.text.slice(0, 500)}`);
  return stop.url;
}
