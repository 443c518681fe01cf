import { clientSecretBasic } from '@hufu/client/client-secret';
import { systemClock } from '@hufu/client/clock';
import { json, openIssuer, type TestIssuer } from '@hufu/client/testing/issuer';
import { openMemory } from '@hufu/store/memory';
import type { Store } from '@hufu/store/port';
import { edgeKeys } from '../session/edge-keys.ts';
import { findEndpoint } from '../session/endpoints.ts';
import type { EdgeReply } from '../session/messages.ts';
import { type TokenHandler, type TokenHandlerSettings, tokenHandler } from '../session/token-handler.ts';

export const ORIGIN = 'https://app.example';
export const SECRET: Uint8Array = new Uint8Array(32).fill(7);

/** What a browser, or an issuer, sends. */
export interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A token handler in this process, with an issuer that says what a test wants. */
export interface TokenHandlerWorld {
  readonly issuer: TestIssuer;
  readonly store: Store;
  readonly handler: TokenHandler;
  /** Another gateway of the edge, with the same store. */
  readonly other: TokenHandler;
  /** Claims of the ID tokens to come. */
  claims: Record<string, unknown>;
  /** Refresh tokens that were revoked. */
  revoked(): readonly string[];
  advance(seconds: number): void;
}

export async function openTokenHandler(more: Partial<TokenHandlerSettings> = {}, store?: Store): Promise<TokenHandlerWorld> {
  const issuer = await openIssuer();
  const database = store ?? (await openMemory());
  const tenant = (await database.ensureTenant('default')).id;
  const settings: TokenHandlerSettings = {
    edge: 'main',
    origin: ORIGIN,
    scope: 'openid offline_access',
    sameSite: 'lax',
    idleSeconds: 3_600,
    absoluteSeconds: 86_400,
    claims: ['name', 'nobody'],
    origins: ['https://www.app.example'],
    crossSiteLogin: false,
    ...more,
  };
  const make = (): TokenHandler =>
    tokenHandler({
      settings,
      client: issuer.client({ authentication: clientSecretBasic('secret'), dpop: 'never' }),
      store: database,
      tenant,
      keys: edgeKeys([{ kid: 'k1', secret: SECRET }]),
      clock: { ...systemClock, nowMs: () => issuer.nowMs },
      newSecret: () => Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url'),
    });
  let count = 0;
  const world: TokenHandlerWorld = {
    issuer,
    store: database,
    handler: make(),
    other: make(),
    claims: { name: 'Mei', sid: 'sid-1' },
    revoked: () => issuer.asked.filter(({ url }) => url.endsWith('/revoke')).map(({ form }) => form.get('token') ?? ''),
    advance(seconds) {
      issuer.nowMs += seconds * 1_000;
    },
  };
  issuer.answers.set('/token', async ({ form }) => {
    count += 1;
    const number = count;
    // The code says which nonce it was made for.
    const id_token = await issuer.idToken({ nonce: form.get('code') ?? undefined, ...world.claims });
    return json(200, { access_token: `at${number}`, token_type: 'Bearer', expires_in: 300, refresh_token: `rt${number}`, id_token });
  });
  issuer.answers.set('/revoke', () => json(200, {}));
  return world;
}

/** A browser: keeps cookies as one does, and sends what one sends. */
export class Browser {
  readonly jar: Map<string, string> = new Map();
  handler: TokenHandler;

  constructor(handler: TokenHandler) {
    this.handler = handler;
  }

  get cookieHeader(): string | undefined {
    return this.jar.size === 0 ? undefined : [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async ask(path: string, { method = 'GET', headers = {}, body }: Ask = {}): Promise<EdgeReply> {
    const url = new URL(path, ORIGIN);
    const sent: Readonly<Record<string, string | undefined>> = { cookie: this.cookieHeader, ...headers };
    const endpoint = findEndpoint(url.pathname);
    if (endpoint === undefined) throw new Error(`no endpoint ${url.pathname}`);
    const header = (name: string): string | undefined => sent[name];
    const reply = await endpoint(this.handler, { method, query: url.searchParams, header, ...(body !== undefined && { body }) });
    for (const [name, value] of reply.headers) if (name === 'set-cookie') this.#keep(value);
    return reply;
  }

  /** As a page asks: with the header that only it can send. */
  async call(path: string, method = 'GET'): Promise<Readonly<Record<string, unknown>>> {
    const reply = await this.ask(path, { method, headers: { 'x-csrf': '1', origin: ORIGIN } });
    return { status: reply.status, ...JSON.parse(reply.body) };
  }

  /** Begins a sign-in, and answers the address that the issuer would send the browser back to. */
  async begin(query = ''): Promise<string> {
    const reply = await this.ask(`/edge/login${query}`);
    const { searchParams } = new URL(locationOf(reply));
    const answer = new URLSearchParams({
      code: searchParams.get('nonce') ?? '',
      state: searchParams.get('state') ?? '',
      iss: this.handler.client.issuer,
    });
    return `/edge/callback?${answer}`;
  }

  async signIn(query = ''): Promise<EdgeReply> {
    return await this.ask(await this.begin(query));
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals);
    const isPrefixed = attributes.includes('Secure') && attributes.includes('Path=/') && attributes.includes('HttpOnly');
    if (!isPrefixed || attributes.some((one) => one.startsWith('Domain'))) return;
    if (attributes.includes('Max-Age=0')) this.jar.delete(name);
    else this.jar.set(name, pair.slice(equals + 1));
  }
}

export function locationOf(reply: EdgeReply): string {
  return reply.headers.find(([name]) => name === 'location')?.[1] ?? '';
}
