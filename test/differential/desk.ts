import { Agent, type JsonReply, type Page } from '../support/agent.ts';
import { type Facts, factsOfHeaders, factsOfIdToken, factsOfMembers, factsOfReply, outcomeOf, presence } from './facts.ts';
import { changed, encode, type Parameters, parameters, valueOf } from './parameters.ts';
import { kindOf, type Side, settle, walk } from './side.ts';
import { type DifferentialClient, redirectUriOf, secretOf, type World } from './world.ts';

/** RFC 7636 appendix B. */
export const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

/** What is other than in the good request; undefined takes a parameter away. */
type Changes = Readonly<Record<string, string | undefined>>;

/** How a request to the authorization endpoint is sent. */
export interface Way {
  /** `known`, where nothing is said: the user has signed in before. */
  readonly browser?: 'known' | 'new';
  readonly method?: 'GET' | 'POST';
}

/** A client's desk at one of the two servers: everything a client can do there, in the words of the standards. */
export class Desk {
  readonly side: Side;
  readonly world: World;
  readonly #browser: Agent;

  private constructor(side: Side, world: World, browser: Agent) {
    this.side = side;
    this.world = world;
    this.#browser = browser;
  }

  /** With a browser in which the user has signed in. */
  static async open(side: Side, world: World): Promise<Desk> {
    const browser = new Agent(side.issuer);
    await walk(browser, await browser.get(`/oauth/authorize?${encode(authorizationRequest('web'))}`));
    return new Desk(side, world, browser);
  }

  newBrowser(): Agent {
    return new Agent(this.side.issuer);
  }

  client(id: string): DifferentialClient {
    const found = this.world.clients.find(({ clientId }) => clientId === id);
    if (found === undefined) throw new TypeError(`no client ${id}`);
    return found;
  }

  /** Sends an authorization request and follows it as far as it goes without a person. */
  async visit(sent: Parameters, way: Way = {}): Promise<Page> {
    const agent = way.browser === 'new' ? this.newBrowser() : this.#browser;
    const first =
      way.method === 'POST'
        ? await agent.post('/oauth/authorize', Object.fromEntries(sent))
        : await agent.get(`/oauth/authorize?${encode(sent)}`);
    return settle(agent, first);
  }

  /** Where the answer of an authorization request went, and what is in it. */
  async authorize(sent: Parameters, way: Way = {}): Promise<Facts> {
    return this.factsOfAnswer(await this.visit(sent, way), sent);
  }

  async factsOfAnswer(page: Page, sent: Parameters): Promise<Facts> {
    const kind = kindOf(page);
    if (kind !== 'elsewhere' && kind !== 'form-post') {
      const status = kind === 'error' || kind === 'nothing' ? ` ${page.status}` : '';
      return { outcome: `page: ${kind}${status}`, ...factsOfHeaders(page.headers) };
    }
    const answer = readAnswer(page);
    const state = answer.members.get('state');
    const facts = await factsOfMembers(this.side, this.world, Object.fromEntries(answer.members), {
      clientId: valueOf(sent, 'client_id') ?? '',
      nonce: valueOf(sent, 'nonce'),
    });
    return {
      ...facts,
      outcome: outcomeOf(answer.place, answer.members.get('error')),
      to: answer.to,
      ...(state === null ? {} : { 'member state': state === lastOf(sent, 'state') ? 'as sent' : 'another' }),
    };
  }

  /** What an authorization request brings: `code`, `id_token`, … */
  async answer(clientId: string, changes: Changes = {}, agent: Agent = this.#browser): Promise<URLSearchParams> {
    const page = await walk(agent, await agent.get(`/oauth/authorize?${encode(changed(authorizationRequest(clientId), changes))}`));
    return kindOf(page) === 'elsewhere' || kindOf(page) === 'form-post' ? readAnswer(page).members : new URLSearchParams();
  }

  async code(clientId: string, changes: Changes = {}, agent: Agent = this.#browser): Promise<string> {
    const code = (await this.answer(clientId, changes, agent)).get('code');
    if (code === null) throw new Error(`${this.side.name}: no code for ${clientId}`);
    return code;
  }

  /** The tokens of a whole sign-in. */
  async tokens(clientId: string, changes: Changes = {}, agent: Agent = this.#browser): Promise<Readonly<Record<string, string>>> {
    const { headers, body } = this.authenticated(clientId, exchangeRequest(clientId, await this.code(clientId, changes, agent)));
    const reply = await this.post('/oauth/token', body, headers);
    if (reply.status !== 200) throw new Error(`${this.side.name}: no tokens for ${clientId}: ${JSON.stringify(reply.body)}`);
    return Object.fromEntries(Object.entries(reply.body).map(([name, value]) => [name, String(value)]));
  }

  /** A request with the proof that its client registered, where that is a secret. */
  authenticated(clientId: string, sent: Parameters): { readonly headers: Readonly<Record<string, string>>; readonly body: Parameters } {
    const method = this.client(clientId).metadata['token_endpoint_auth_method'];
    if (method === 'client_secret_basic') return { headers: { authorization: basic(clientId, secretOf(clientId)) }, body: sent };
    const proof = method === 'client_secret_post' ? { client_secret: secretOf(clientId) } : {};
    return { headers: {}, body: [...sent, ...parameters({ client_id: clientId, ...proof })] };
  }

  factsOfIdToken(idToken: string, clientId: string, accessToken: string): Promise<Facts> {
    return factsOfIdToken(this.side, this.world, idToken, { clientId, nonce: NONCE, accessToken });
  }

  /** The names of the claims that userinfo has for a token. */
  async factsOfUserinfo(accessToken: string): Promise<Facts> {
    const { body } = await this.fetch('/oauth/userinfo', { headers: { authorization: `Bearer ${accessToken}` } });
    return presence('userinfo claim', Object.keys(body));
  }

  post(path: string, sent: Parameters, headers: Readonly<Record<string, string>> = {}): Promise<JsonReply> {
    return this.fetch(path, { method: 'POST', body: encode(sent), headers: { 'content-type': FORM_TYPE, ...headers } });
  }

  async fetch(path: string, init: RequestInit = {}): Promise<JsonReply> {
    const reply = await fetch(this.side.issuer + path, { redirect: 'manual', ...init });
    const text = await reply.text();
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      body = text === '' ? {} : { 'not JSON': true };
    }
    return { status: reply.status, headers: reply.headers, body: Object(body) };
  }

  /** Sends a form as that client, and says what came back. */
  async ask(path: string, clientId: string, sent: Parameters): Promise<Facts> {
    const { headers, body } = this.authenticated(clientId, sent);
    return this.askAs(path, clientId, body, headers);
  }

  async askAs(path: string, clientId: string, body: Parameters, headers: Readonly<Record<string, string>> = {}): Promise<Facts> {
    const reply = await this.post(path, body, headers);
    return factsOfReply(this.side, this.world, reply, { clientId, nonce: NONCE });
  }
}

export const NONCE = 'n-0S6_WzA2Mj';
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** A good request for a code; of other clients as of `web`. */
export function authorizationRequest(clientId: string): Parameters {
  return parameters({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUriOf(clientId),
    scope: 'openid profile email',
    state: 's+t/a te',
    nonce: NONCE,
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
  });
}

export function exchangeRequest(clientId: string, code: string): Parameters {
  return parameters({ grant_type: 'authorization_code', code, redirect_uri: redirectUriOf(clientId), code_verifier: VERIFIER });
}

export function basic(clientId: string, secret: string): string {
  return `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64')}`;
}

interface Answer {
  readonly place: 'query' | 'fragment' | 'form_post';
  readonly to: string;
  readonly members: URLSearchParams;
}

/** The answer in a redirect or in a form that posts itself. */
export function readAnswer(page: Page): Answer {
  if (kindOf(page) === 'form-post') return { place: 'form_post', to: page.action, members: new URLSearchParams(page.hidden) };
  const url = new URL(page.location);
  if (url.hash !== '')
    return { place: 'fragment', to: page.location.split('#', 1)[0] ?? '', members: new URLSearchParams(url.hash.slice(1)) };
  return { place: 'query', to: page.location.split('?', 1)[0] ?? '', members: url.searchParams };
}

function lastOf(sent: Parameters, name: string): string | undefined {
  return sent.findLast(([known]) => known === name)?.[1];
}
