import { Agent, authorizeAs, type CodeRequest, type JsonReply, postForm } from '../support/agent.ts';
import type { AckLog } from './ack-log.ts';

/** Customers of a server that may die at any moment, and everything that it has acknowledged to them. */

export interface Party extends CodeRequest {
  readonly basic: string | undefined;
}

export const PARTIES: readonly Party[] = [
  { clientId: 'spa', redirectUri: 'https://app.example/cb', scope: 'openid read', basic: undefined },
  { clientId: 'web', redirectUri: 'https://web.example/cb', scope: 'openid opaque', basic: 'web:web-secret-0123456789abcdef0123456789' },
];
export const API = 'api:api-secret-0123456789abcdef0123456789';
const MACHINE = 'machine:machine-secret-0123456789abcdef012345';
const USERS = ['ann', 'ben', 'cid', 'dot'] as const;
const PASSWORD = 'not a moment to lose';

/** Opaque tokens and JWTs, a public client and one that authenticates; more grants than anybody has. */
export const LOAD_YAML = `
signing: { algorithms: [ES256] }
clients:
  - client_id: spa
    token_endpoint_auth_method: none
    redirect_uris: ['https://app.example/cb']
    grant_types: [authorization_code, refresh_token]
    id_token_signed_response_alg: ES256
    hufu: { first_party: true, max_grants_per_user: 10000 }
  - client_id: web
    client_secret: web-secret-0123456789abcdef0123456789
    redirect_uris: ['https://web.example/cb']
    grant_types: [authorization_code, refresh_token]
    id_token_signed_response_alg: ES256
    hufu: { first_party: true, max_grants_per_user: 10000 }
  - { client_id: machine, client_secret: machine-secret-0123456789abcdef012345, grant_types: [client_credentials], scope: read opaque }
  - client_id: api
    client_secret: api-secret-0123456789abcdef0123456789
    grant_types: [client_credentials]
    hufu: { resource_server_of: ['https://api.example/', 'https://opaque.example/'] }
resources:
  - { identifier: 'https://api.example/', scopes: [read], token_format: jwt, token_ttl: 1h }
  - { identifier: 'https://opaque.example/', scopes: [opaque], token_format: opaque, token_ttl: 1h }
users:
${USERS.map((username) => `  - { username: ${username}, password: ${PASSWORD} }`).join('\n')}
`;

/** `unknown`: it was sent, and no answer came. */
type Told = 'no' | 'unknown' | 'yes';

/** One grant, as its client knows it. */
export interface Chain {
  readonly party: Party;
  readonly code: string;
  readonly verifier: string;
  exchanged: Told;
  /** By revocation, or by showing the code again. */
  ended: Told;
  /** The newest tokens that were acknowledged. */
  tokens: { readonly access: string; readonly refresh: string } | undefined;
  /** Refresh tokens that were used, and whose successors were acknowledged; the newest last. */
  readonly used: string[];
  /** A refresh was sent, and no answer came. */
  refreshing: boolean;
}

export interface Machine {
  readonly access: string;
}

/** What nobody should have been told. */
export type Complaint = (what: string) => void;

export interface Load {
  readonly chains: Set<Chain>;
  readonly machines: Machine[];
  /** Replies of 503 so far. */
  readonly unavailable: () => number;
  /** Signs everybody in, which takes more time than everything else. */
  prepare(): Promise<void>;
  /** Customers start again. Resolves when all have stopped, since `stop` was called or nobody answers any more. */
  run(customers: number): Promise<void>;
  stop(): void;
}

export interface LoadOptions {
  readonly origin: string;
  readonly log: AckLog;
  readonly random: () => number;
  readonly complain: Complaint;
  /** Goes on while the server says 503, and while it is not there. */
  readonly patient: boolean;
}

const PATIENCE_MS = 5;

/** Customers who sign in once, then exchange codes, refresh, revoke and misuse, each as fast as it is answered. */
export function openLoad({ origin, log, random, complain, patient }: LoadOptions): Load {
  const chains = new Set<Chain>();
  const machines: Machine[] = [];
  const agents = new Map<string, Agent>();
  /** By customer. */
  const owned: Chain[][] = [];
  let stopped = false;
  let unavailable = 0;

  /** The reply, or undefined where none came or the server was away: then nobody knows. */
  async function send(act: Promise<JsonReply>): Promise<JsonReply | undefined> {
    const reply = await act.catch(() => undefined);
    if (reply?.status !== 503) return reply;
    unavailable += 1;
    if (reply.body['error'] !== 'temporarily_unavailable') complain(`503 with ${JSON.stringify(reply.body)}`);
    if (!/^[1-9]\d*$/.test(reply.headers.get('retry-after') ?? '')) complain('503 without Retry-After');
    return undefined;
  }

  async function signIn(username: string): Promise<Agent | undefined> {
    const agent = new Agent(origin);
    const { page } = await authorizeAs(agent, first(PARTIES), { username, password: PASSWORD });
    if (!page.location.startsWith('https://app.example/cb?code=')) return undefined;
    await log.append({ told: 'session', username });
    agents.set(username, agent);
    return agent;
  }

  /** True where an answer came. */
  async function begin(username: string, own: Chain[]): Promise<boolean> {
    const party = pick(PARTIES);
    const agent = agents.get(username);
    if (agent === undefined) throw new TypeError('prepare() comes first');
    const answer = await authorizeAs(agent, party, { username, password: 'nobody should ask' }).catch(() => undefined);
    if (answer === undefined) return false;
    const { page, verifier } = answer;
    if (page.status === 503) {
      unavailable += 1;
      if (!page.headers.has('retry-after')) complain('a page of 503 without Retry-After');
      return false;
    }
    const code = page.location.startsWith(party.redirectUri) ? page.answer.get('code') : null;
    if (code === null) {
      complain(`no code although signed in: ${page.status} ${page.name} ${page.location}`);
      return false;
    }
    const chain: Chain = { party, code, verifier, exchanged: 'no', ended: 'no', tokens: undefined, used: [], refreshing: false };
    await log.append({ told: 'code', code });
    chains.add(chain);
    own.push(chain);
    // Some are never redeemed.
    return random() < 0.1 || exchange(chain);
  }

  async function exchange(chain: Chain): Promise<boolean> {
    chain.exchanged = 'unknown';
    const reply = await send(redeem(origin, chain));
    if (reply === undefined) return false;
    if (reply.status !== 200) {
      complain(`an exchange was refused: ${reply.status} ${JSON.stringify(reply.body)}`);
      return true;
    }
    const tokens = readTokens(reply);
    await log.append({ told: 'exchange', ...tokens });
    chain.tokens = tokens;
    chain.exchanged = 'yes';
    return true;
  }

  async function renew(chain: Chain): Promise<boolean> {
    const used = chain.tokens?.refresh ?? '';
    chain.refreshing = true;
    const reply = await send(refresh(origin, chain.party, used));
    if (reply === undefined) return false;
    if (reply.status !== 200) {
      complain(`a refresh was refused: ${reply.status} ${JSON.stringify(reply.body)}`);
      chains.delete(chain);
      return true;
    }
    const tokens = readTokens(reply);
    await log.append({ told: 'refresh', ...tokens });
    advance(chain, tokens);
    return true;
  }

  /** By the client's own hand, or by a thief's with the code. */
  async function end(chain: Chain): Promise<boolean> {
    chain.ended = 'unknown';
    const byCode = random() < 0.5;
    const reply = await send(byCode ? redeem(origin, chain) : revoke(origin, chain.party, chain.tokens?.refresh ?? ''));
    if (reply === undefined) return false;
    if (reply.status !== (byCode ? 400 : 200)) complain(`${byCode ? 'a replay' : 'a revocation'} was answered ${reply.status}`);
    await log.append({ told: 'end', code: chain.code });
    chain.ended = 'yes';
    return true;
  }

  async function machine(): Promise<boolean> {
    const scope = random() < 0.5 ? 'read' : 'opaque';
    const reply = await send(postForm(`${origin}/oauth/token`, { grant_type: 'client_credentials', scope }, MACHINE));
    if (reply === undefined) return false;
    if (reply.status !== 200) complain(`a machine was refused: ${reply.status}`);
    const access = String(reply.body['access_token']);
    await log.append({ told: 'machine', access });
    machines.push({ access });
    return true;
  }

  async function customer(index: number): Promise<void> {
    const username = USERS[index % USERS.length] ?? USERS[0];
    owned[index] = (owned[index] ?? []).filter((chain) => chains.has(chain));
    const own = owned[index];
    while (!stopped) {
      const live = own.filter((chain) => chain.exchanged === 'yes' && chain.ended === 'no' && chains.has(chain));
      const chain = live[Math.floor(random() * live.length)];
      const chance = random();
      let answered: boolean;
      if (chain === undefined || chance < 0.1) answered = await begin(username, own);
      else if (chance < 0.16) answered = await end(chain);
      else if (chance < 0.22) answered = await machine();
      else answered = await renew(chain);
      if (answered) continue;
      if (!patient) return;
      await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    }
  }

  function pick<T>(list: readonly T[]): T {
    return list[Math.floor(random() * list.length)] ?? first(list);
  }

  return {
    chains,
    machines,
    unavailable: () => unavailable,
    async prepare() {
      for (const username of USERS) if ((await signIn(username)) === undefined) throw new Error(`${username} could not sign in`);
    },
    async run(customers) {
      stopped = false;
      await Promise.all(Array.from({ length: customers }, (_, index) => customer(index)));
    },
    stop() {
      stopped = true;
    },
  };
}

/** The chain as it is after a refresh that was acknowledged. */
export function advance(chain: Chain, tokens: NonNullable<Chain['tokens']>): void {
  if (chain.tokens !== undefined) chain.used.push(chain.tokens.refresh);
  if (chain.used.length > 4) chain.used.shift();
  chain.tokens = tokens;
  chain.refreshing = false;
}

export function readTokens(reply: JsonReply): NonNullable<Chain['tokens']> {
  return { access: String(reply.body['access_token']), refresh: String(reply.body['refresh_token']) };
}

export function redeem(origin: string, { party, code, verifier }: Chain): Promise<JsonReply> {
  return ask(`${origin}/oauth/token`, party, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: party.redirectUri,
    code_verifier: verifier,
  });
}

export function refresh(origin: string, party: Party, token: string): Promise<JsonReply> {
  return ask(`${origin}/oauth/token`, party, { grant_type: 'refresh_token', refresh_token: token });
}

function revoke(origin: string, party: Party, token: string): Promise<JsonReply> {
  return ask(`${origin}/oauth/revoke`, party, { token });
}

function ask(url: string, { clientId, basic }: Party, fields: Record<string, string>): Promise<JsonReply> {
  return basic === undefined ? postForm(url, { ...fields, client_id: clientId }) : postForm(url, fields, basic);
}

function first<T>(list: readonly T[]): T {
  const [item] = list;
  if (item === undefined) throw new TypeError('an empty list');
  return item;
}
