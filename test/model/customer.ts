import assert from 'node:assert/strict';
import { clientId, sessionId } from '@hufu/protocol/ids';
import { readHolder } from '@hufu/protocol/tally';
import type { Context } from '@hufu/server/context';
import type { UserRecord } from '@hufu/store/port';
import { Agent, type JsonReply, type Page, pkce, postForm } from '../support/agent.ts';
import type { Node } from '../support/nodes.ts';
import {
  ABSOLUTE,
  type Caller,
  CODE_TTL,
  IDLE,
  JWT_RESOURCE,
  OPAQUE_RESOURCE,
  type Op,
  OVERLAP,
  OWN_RESOURCE,
  type Presenter,
  type Reply,
  SESSION,
  TTL,
} from './world.ts';

/** The server as the specification has it. */
export const MODEL_YAML = `
policies:
  brute_force: off
  codes: { ttl: ${CODE_TTL}s }
  sessions: { absolute: ${SESSION}s }
  refresh_tokens: { absolute: ${ABSOLUTE}s, idle: ${IDLE}s, overlap: ${OVERLAP}s }
signing: { algorithms: [ES256] }
clients:
  - client_id: pub
    token_endpoint_auth_method: none
    redirect_uris: ['https://pub.example/cb']
    grant_types: [authorization_code, refresh_token]
    id_token_signed_response_alg: ES256
    hufu: { first_party: true }
${['conf', 'third', 'api', 'stranger'].map(writeConfidential).join('\n')}
resources:
  - { identifier: '${JWT_RESOURCE}', scopes: [read], token_format: jwt, token_ttl: ${TTL[JWT_RESOURCE]}s }
  - { identifier: '${OPAQUE_RESOURCE}', scopes: [opaque], token_format: opaque, token_ttl: ${TTL[OPAQUE_RESOURCE]}s }
`;

function writeConfidential(id: string): string {
  const settings =
    id === 'conf' ? 'first_party: true' : id === 'api' ? `resource_server_of: ['${JWT_RESOURCE}', '${OPAQUE_RESOURCE}']` : '';
  return `  - client_id: ${id}
    client_secret: ${secretOf(id)}
    redirect_uris: ['https://${id}.example/cb']
    grant_types: [authorization_code, refresh_token]
    id_token_signed_response_alg: ES256
    hufu: { ${settings} }`;
}

function secretOf(id: string): string {
  return `${id}-secret-0123456789-0123456789-0123456789`;
}

const PASSWORD = 'what the model says is what happens';
let hashOfPassword: Promise<string> | undefined;

/** A user at one browser who does what the model does, over HTTP; through the store only what has no endpoint yet. */
export class Customer {
  readonly #node: Node;
  readonly #agent: Agent;
  readonly #user: UserRecord;
  /** Verifiers by code. */
  readonly #verifiers = new Map<string, string>();

  private constructor(node: Node, user: UserRecord) {
    this.#node = node;
    this.#user = user;
    this.#agent = new Agent(node.origin);
  }

  static async join(node: Node): Promise<Customer> {
    const { store, tenant, passwords, random } = node.context;
    hashOfPassword ??= passwords.hash(PASSWORD);
    const name = random.text(20).toLowerCase();
    const made = await store.createUser(
      tenant,
      { sub: `sub-${name}`, username: `u-${name}`, passwordHash: await hashOfPassword, claims: {} },
      nowOf(node.context),
    );
    assert.equal(made.kind, 'created');
    return new Customer(node, made.user);
  }

  /** Seconds. */
  get now(): number {
    return nowOf(this.#node.context);
  }

  async perform(op: Op): Promise<Reply> {
    const { store, tenant, keys, issuer } = this.#node.context;
    const { id, passwordHash = '' } = this.#user;
    switch (op.kind) {
      case 'authorize':
        return this.#authorize(op);
      case 'redeem': {
        const verifier =
          op.verifier === 'none'
            ? {}
            : { code_verifier: op.verifier === 'wrong' ? 'w'.repeat(43) : (this.#verifiers.get(op.token) ?? 'v'.repeat(43)) };
        const redirect = op.redirect === 'right' ? redirectUri(op.by.client) : 'https://elsewhere.example/cb';
        return this.#tokens(op.by, { grant_type: 'authorization_code', code: op.token, redirect_uri: redirect, ...verifier });
      }
      case 'refresh':
        return this.#tokens(op.by, {
          grant_type: 'refresh_token',
          refresh_token: op.token,
          ...(op.scopes === undefined ? {} : { scope: op.scopes.join(' ') }),
          ...(op.resource === undefined ? {} : { resource: op.resource === OWN_RESOURCE ? issuer : op.resource }),
        });
      case 'revoke':
        return simple(await this.#post('/oauth/revoke', op.by, { token: op.token }));
      case 'introspect':
        return this.#introspect(op.token, op.caller);
      case 'userinfo':
        return this.#userinfo(op.token);
      case 'disable':
      case 'enable':
        return stored(await store.setUserEnabled(tenant, id, op.kind === 'enable', this.now));
      case 'changePassword': {
        const cookie = [...this.#agent.cookies].find(([name]) => name.includes('session'))?.[1];
        const session = cookie === undefined ? undefined : readHolder(keys.tally, 'session', cookie);
        const kept = op.keepSession && session !== undefined ? sessionId(session.id) : undefined;
        const keep = { session: kept, revokes: 'all' } as const;
        // Who was overtaken by another change looks again.
        for (;;) {
          const version = (await store.findUser(tenant, id))?.authVersion ?? 0;
          const { kind } = await store.changePassword(tenant, id, version, passwordHash, keep, this.now);
          if (kind !== 'changed') return stored(kind);
        }
      }
      case 'signOut':
        return this.#signOut();
      case 'withdraw':
        await store.withdrawConsent(tenant, id, clientId(op.client), this.now);
        return { outcome: 'ok' };
      case 'revokeClient':
        await store.revokeClient(tenant, clientId(op.client), this.now);
        return { outcome: 'ok' };
      case 'rotateKey':
        // What has expired falls first: the ring does not grow.
        await keys.rotateWhenDue(this.now);
        await keys.rotateNow(this.now);
        return { outcome: 'ok' };
      case 'advance':
        await this.#node.advance(op.seconds);
        return { outcome: 'ok' };
    }
  }

  async #authorize(op: Extract<Op, { kind: 'authorize' }>): Promise<Reply> {
    const { verifier, challenge } = pkce();
    const prompt = [...(op.login ? ['login'] : []), ...(op.offline === 'heard' ? ['consent'] : [])];
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: op.client,
      redirect_uri: redirectUri(op.client),
      scope: [...op.scopes, ...(op.offline === 'no' ? [] : ['offline_access'])].join(' '),
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...(prompt.length === 0 ? {} : { prompt: prompt.join(' ') }),
    });
    const pages: string[] = [];
    let page = await this.#agent.get(`/oauth/authorize?${query.toString()}`);
    for (let steps = 0; steps < 6 && page.location.startsWith('/'); steps += 1) {
      page = await this.#agent.get(page.location);
      pages.push(page.name);
      if (page.name === 'signin') page = await this.#agent.submit(page, { username: this.#user.username, password: PASSWORD });
      else if (page.name === 'consent') page = await this.#agent.submit(page, { decision: op.deny ? 'deny' : 'allow' });
    }
    return this.#arrived(op.client, page, pages, verifier);
  }

  #arrived(client: string, page: Page, pages: readonly string[], verifier: string): Reply {
    if (page.status === 401 && page.name === 'signin') return { outcome: 'signin refused', pages };
    if (!page.location.startsWith(redirectUri(client))) return { outcome: `${page.status} ${page.name} ${page.location}`, pages };
    assert.equal(page.answer.get('iss'), this.#node.context.issuer);
    const code = page.answer.get('code');
    if (code === null) return { outcome: page.answer.get('error') ?? 'nothing', pages };
    this.#verifiers.set(code, verifier);
    return { outcome: 'ok', pages, code };
  }

  async #tokens(by: Presenter, fields: Record<string, string>): Promise<Reply> {
    const { status, body } = await this.#post('/oauth/token', by, fields);
    if (status !== 200) return { outcome: String(body['error']) };
    const text = String(body['access_token']);
    const claims = payloadOf(text);
    if (claims !== undefined && claims['sub'] !== this.#user.sub) return { outcome: `a token of ${String(claims['sub'])}` };
    return {
      outcome: 'ok',
      access: { text, name: claims === undefined ? text : String(claims['jti']) },
      ...(body['refresh_token'] === undefined ? {} : { refresh: String(body['refresh_token']) }),
      ...(body['scope'] === undefined ? {} : { scope: String(body['scope']) }),
      expiresIn: Number(body['expires_in']),
      idToken: body['id_token'] !== undefined,
      ...(claims === undefined ? {} : { claims }),
    };
  }

  async #introspect(token: string, caller: Caller): Promise<Reply> {
    const { status, body } = await this.#post('/oauth/introspect', { client: caller, genuine: true }, { token });
    if (status !== 200) return { outcome: String(body['error']) };
    if (body['active'] !== true) return { outcome: Object.keys(body).length === 1 ? 'inactive' : 'inactive, and more' };
    return body['sub'] === this.#user.sub ? { outcome: 'ok', claims: body } : { outcome: `of ${String(body['sub'])}` };
  }

  async #userinfo(token: string): Promise<Reply> {
    const reply = await fetch(`${this.#node.origin}/oauth/userinfo`, { headers: { authorization: `Bearer ${token}` } });
    const body: Record<string, unknown> = Object(JSON.parse(await reply.text()));
    if (reply.status !== 200) return { outcome: String(body['error']) };
    return { outcome: body['sub'] === this.#user.sub ? 'ok' : `of ${String(body['sub'])}` };
  }

  async #signOut(): Promise<Reply> {
    const page = await this.#agent.get('/oauth/logout');
    const done = page.name === 'logout' ? await this.#agent.submit(page, { decision: 'sign_out' }) : page;
    return { outcome: done.name === 'signed-out' ? 'ok' : `${done.status} ${done.name}` };
  }

  /** As the client that it names, with its secret or with another. */
  #post(
    path: string,
    { client, genuine }: { readonly client: Caller; readonly genuine: boolean },
    fields: Record<string, string>,
  ): Promise<JsonReply> {
    const url = this.#node.origin + path;
    if (client !== 'pub') return postForm(url, fields, `${client}:${genuine ? secretOf(client) : 'a guess'}`);
    return postForm(url, { ...fields, client_id: client, ...(genuine ? {} : { client_secret: 'a guess' }) });
  }
}

function nowOf(context: Context): number {
  return Math.floor(context.clock.nowMs() / 1000);
}

function redirectUri(client: string): string {
  return `https://${client}.example/cb`;
}

function simple({ status, body }: JsonReply): Reply {
  return { outcome: status === 200 ? 'ok' : String(body['error']) };
}

function stored(answer: string): Reply {
  return { outcome: answer === 'done' ? 'ok' : answer };
}

function payloadOf(token: string): Record<string, unknown> | undefined {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) return undefined;
  return Object(JSON.parse(Buffer.from(payload, 'base64url').toString()));
}
