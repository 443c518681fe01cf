import type { Agent, Page } from '../support/agent.ts';
import { authorizationRequest, type Desk } from './desk.ts';
import type { Facts } from './facts.ts';
import { changed, encode, type Parameters, parameters } from './parameters.ts';
import { type DifferentialRequest, request } from './request.ts';
import { kindOf, settle, walk } from './side.ts';
import { loggedOutUriOf } from './world.ts';

const BYE = loggedOutUriOf('web');

/** RP-initiated logout (OpenID Connect RP-Initiated Logout §2): what a person sees first, where it ends, and whether the session has. */
export const logoutRequests: readonly DifferentialRequest[] = [
  out('with a hint and an address', (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: BYE, state: 's t/a+te' })),
  out('without a state', (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: BYE })),
  out('a state of 512 characters', (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: BYE, state: 'x'.repeat(512) })),
  out('with a hint alone', (hint) => ({ id_token_hint: hint })),
  out('with nothing', () => ({})),
  out('with a state alone', () => ({ state: 's' })),
  out('with an address alone', () => ({ post_logout_redirect_uri: BYE })),
  out('with an address and client_id', () => ({ post_logout_redirect_uri: BYE, client_id: 'web' })),
  out('with client_id alone', () => ({ client_id: 'web' })),
  out('with an unknown client_id', () => ({ client_id: 'nobody' })),
  out('with another client_id than that of the hint', (hint) => ({ id_token_hint: hint, client_id: 'other' })),
  out('an address that is not registered', (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: 'https://evil.example/bye' })),
  out('an address with a query that is not registered', (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: `${BYE}?x=1` })),
  out("another client's address", (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: loggedOutUriOf('other') })),
  out('an empty address', (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: '' })),
  out('a hint that is none', () => ({ id_token_hint: 'x', post_logout_redirect_uri: BYE })),
  out('an empty hint', () => ({ id_token_hint: '', post_logout_redirect_uri: BYE })),
  out('a changed hint', (hint) => ({ id_token_hint: `${hint.slice(0, -4)}AAAA`, post_logout_redirect_uri: BYE })),
  out('an unsigned hint', (hint) => ({ id_token_hint: `eyJhbGciOiJub25lIn0.${hint.split('.')[1]}.`, post_logout_redirect_uri: BYE })),
  out('logout_hint', (hint) => ({ id_token_hint: hint, logout_hint: 'mei' })),
  out('ui_locales', (hint) => ({ id_token_hint: hint, ui_locales: 'zh-CN' })),
  out('a parameter that nobody knows', (hint) => ({ id_token_hint: hint, extra: 'foobar' })),
  out('by POST', (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: BYE, state: 's' }), { method: 'POST' }),
  out('nobody is signed in', () => ({}), { who: 'nobody' }),
  out('nobody is signed in, with a hint and an address', (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: BYE }), {
    who: 'nobody',
  }),
  request('/oauth/logout: the hint twice', async (desk) => {
    const { agent, idToken } = await signIn(desk);
    return end(
      desk,
      agent,
      await agent.get(
        `/oauth/logout?${encode([
          ['id_token_hint', idToken],
          ['id_token_hint', idToken],
        ])}`,
      ),
    );
  }),
];

interface How {
  readonly method?: 'POST';
  readonly who?: 'nobody';
}

function out(id: string, ask: (hint: string) => Readonly<Record<string, string>>, how: How = {}): DifferentialRequest {
  return request(`/oauth/logout: ${id}`, async (desk) => {
    const { agent, idToken } = await signIn(desk);
    const sent: Parameters = parameters(ask(idToken));
    const browser = how.who === 'nobody' ? desk.newBrowser() : agent;
    const first =
      how.method === 'POST'
        ? await browser.post('/oauth/logout', Object.fromEntries(sent))
        : await browser.get(`/oauth/logout?${encode(sent)}`);
    return end(desk, browser, first);
  });
}

async function signIn(desk: Desk): Promise<{ readonly agent: Agent; readonly idToken: string }> {
  const agent = desk.newBrowser();
  const idToken = (await desk.tokens('web', {}, agent))['id_token'] ?? '';
  return { agent, idToken };
}

async function end(desk: Desk, agent: Agent, first: Page): Promise<Facts> {
  const settled = await settle(agent, first);
  const page = await walk(agent, settled);
  const silent = changed(authorizationRequest('web'), { prompt: 'none' });
  const after = await desk.factsOfAnswer(await settle(agent, await agent.get(`/oauth/authorize?${encode(silent)}`)), silent);
  return {
    outcome: `${describe(page)}, then ${after['outcome'] === 'query: done' ? 'still signed in' : 'signed out'}`,
    first: kindOf(settled) === 'sign-out?' ? 'asks' : 'does not ask',
  };
}

function describe(page: Page): string {
  const kind = kindOf(page);
  if (kind === 'elsewhere') return `to ${page.location.replaceAll('+', '%20')}`;
  return kind === 'error' ? `${kind} ${page.status}` : kind;
}
