/** Signs in without a browser: the pages are plain forms, with names that do not change. */
import { createHash, randomBytes } from 'node:crypto';

const CLIENT = { client_id: 'app', redirect_uri: 'http://localhost:3000/callback' };

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

/** From the authorization request to the tokens. `scope: 'offline_access'` with `prompt=consent`: the grant outlives the browser session. */
export async function signIn(issuer: string, user: { readonly username: string; readonly password: string }): Promise<Tokens> {
  const verifier = randomBytes(32).toString('base64url');
  const request = new URLSearchParams({
    ...CLIENT,
    response_type: 'code',
    scope: 'openid offline_access',
    prompt: 'consent',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  });
  const browser = new Browser(issuer);
  let page = await browser.open(`/oauth/authorize?${request}`);
  if (page.name === 'signin') page = await browser.send(page, user);
  if (page.name === 'consent') page = await browser.send(page, { decision: 'allow' });

  const code = new URL(page.url).searchParams.get('code') ?? '';
  const { client_id, redirect_uri } = CLIENT;
  const reply = await postForm(`${issuer}/oauth/token`, {
    grant_type: 'authorization_code',
    code,
    client_id,
    redirect_uri,
    code_verifier: verifier,
  });
  if (!reply.ok) throw new Error(await reply.text());
  return reply.json();
}

export function refresh(issuer: string, token: string): Promise<Response> {
  return postForm(`${issuer}/oauth/token`, { grant_type: 'refresh_token', refresh_token: token, client_id: CLIENT.client_id });
}

function postForm(url: string, fields: Record<string, string>): Promise<Response> {
  return fetch(url, { method: 'POST', body: new URLSearchParams(fields) });
}

interface Page {
  readonly url: string;
  /** `data-page` of the body. */
  readonly name: string;
  readonly html: string;
}

/** Keeps cookies, and follows redirects as long as they stay at the issuer. */
class Browser {
  readonly #issuer: string;
  readonly #cookies = new Map<string, string>();

  constructor(issuer: string) {
    this.#issuer = issuer;
  }

  async open(path: string, init: RequestInit = {}): Promise<Page> {
    const url = new URL(path, this.#issuer).href;
    if (!url.startsWith(this.#issuer)) return { url, name: '', html: '' };
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await fetch(url, { ...init, redirect: 'manual', headers: { cookie, accept: 'text/html' } });
    for (const line of reply.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    const location = reply.headers.get('location');
    if (location !== null) return this.open(location);
    const html = await reply.text();
    return { url, name: /<body data-page="([^"]*)"/.exec(html)?.[1] ?? '', html };
  }

  /** Fills in the first form of a page, and sends it with its hidden fields. */
  send(page: Page, fields: Record<string, string>): Promise<Page> {
    const [form = ''] = /<form[^]*?<\/form>/.exec(page.html) ?? [];
    const action = / action="([^"]*)"/.exec(form)?.[1] ?? '';
    const hidden = [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]);
    return this.open(action, { method: 'POST', body: new URLSearchParams([...hidden, ...Object.entries(fields)]) });
  }
}
