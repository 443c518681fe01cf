import { createHash, randomBytes } from 'node:crypto';
import { hiddenFieldsIn, unescapeHtml } from '@hufu/server/testing/hidden-fields';

/** A browser without a window: cookies, redirects that are looked at and not followed, forms. For tests over real HTTP. */
export class Agent {
  readonly issuer: string;
  readonly cookies: Map<string, string> = new Map();

  constructor(issuer: string) {
    this.issuer = issuer;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Page> {
    return this.#send(path, { headers: { accept: 'text/html', ...headers } });
  }

  async post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Page> {
    return this.#send(path, {
      method: 'POST',
      headers: { accept: 'text/html', 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(fields).toString(),
    });
  }

  /** Fills in the page's form (its hidden fields come along) and sends it. */
  async submit(page: Page, fields: Record<string, string>): Promise<Page> {
    return this.post(page.action, { ...page.hidden, ...fields });
  }

  async #send(path: string, init: RequestInit): Promise<Page> {
    const url = path.startsWith('/') ? this.issuer + path : path;
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, ...(cookie === '' ? {} : { cookie }) } });
    for (const line of reply.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const equals = pair.indexOf('=');
      const value = pair.slice(equals + 1);
      if (value === '') this.cookies.delete(pair.slice(0, equals));
      else this.cookies.set(pair.slice(0, equals), value);
    }
    return new Page(reply, await reply.text());
  }
}

/** An answer of the server. */
export class Page {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;

  constructor(reply: Response, text: string) {
    this.status = reply.status;
    this.headers = reply.headers;
    this.text = text;
  }

  get location(): string {
    return this.headers.get('location') ?? '';
  }

  /** Parameters of the redirect, wherever they stand. */
  get answer(): URLSearchParams {
    const { hash, searchParams } = new URL(this.location);
    return hash === '' ? searchParams : new URLSearchParams(hash.slice(1));
  }

  /** `data-page` of the body. */
  get name(): string {
    return /<body[^>]* data-page="([^"]*)"/.exec(this.text)?.[1] ?? '';
  }

  get action(): string {
    return unescapeHtml(/<form[^>]* action="([^"]*)"/.exec(this.text)?.[1] ?? '');
  }

  get hidden(): Record<string, string> {
    return hiddenFieldsIn(this.text);
  }
}

/** A PKCE pair (RFC 7636 §4.1, §4.2). */
export function pkce(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

export interface CodeRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scope?: string;
  readonly parameters?: Record<string, string>;
}

/** Goes through sign-in and consent as far as they come up, and returns the redirect to the client with the verifier that fits it. */
export async function authorizeAs(
  agent: Agent,
  request: CodeRequest,
  user: { readonly username: string; readonly password: string },
): Promise<{ readonly page: Page; readonly verifier: string }> {
  const { verifier, challenge } = pkce();
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: request.clientId,
    redirect_uri: request.redirectUri,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...(request.scope === undefined ? {} : { scope: request.scope }),
    ...request.parameters,
  });
  let page = await agent.get(`/oauth/authorize?${query.toString()}`);
  for (let steps = 0; steps < 6 && page.location.startsWith('/'); steps++) {
    page = await agent.get(page.location);
    if (page.name === 'signin') page = await agent.submit(page, user);
    else if (page.name === 'consent') page = await agent.submit(page, { decision: 'allow' });
  }
  return { page, verifier };
}

/** A reply of a token-type endpoint. */
export interface JsonReply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** POSTs a form and reads the JSON. `basic` is `id:secret`. */
export async function postForm(
  url: string,
  fields: Record<string, string> | URLSearchParams,
  basic?: string,
  headers: Record<string, string> = {},
): Promise<JsonReply> {
  const reply = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(basic === undefined ? {} : { authorization: `Basic ${Buffer.from(basic).toString('base64')}` }),
      ...headers,
    },
    body: new URLSearchParams(fields).toString(),
  });
  const text = await reply.text();
  const body: unknown = text === '' ? {} : JSON.parse(text);
  return { status: reply.status, headers: reply.headers, body: Object(body) };
}

/** Exchanges the code of a redirect. */
export function exchange(
  agent: Agent,
  request: CodeRequest,
  answer: { readonly page: Page; readonly verifier: string },
  basic?: string,
): Promise<JsonReply> {
  return postForm(
    `${agent.issuer}/oauth/token`,
    {
      grant_type: 'authorization_code',
      code: answer.page.answer.get('code') ?? '',
      redirect_uri: request.redirectUri,
      code_verifier: answer.verifier,
      ...(basic === undefined ? { client_id: request.clientId } : {}),
    },
    basic,
  );
}
