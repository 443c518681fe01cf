import { PASSWORD, REDIRECT_URI, usernameOf } from '../contract.ts';
import type { Answer, HttpClient } from '../http-client.ts';
import { readMembers, readText } from '../json.ts';
import type { GrantWish } from '../scenarios.ts';
import { authorizationForm, basic, exchangeForm, FORM_TYPE, form } from '../token-requests.ts';

const MAX_STEPS = 8;

/** One user's browser: signs in through the server's own pages once, and then gets as many codes as are wanted. */
export class BrowserSession {
  readonly #client: HttpClient;
  readonly #cookies: Map<string, string> = new Map();
  readonly #grant: GrantWish;
  readonly subject: string;

  private constructor(client: HttpClient, cookies: ReadonlyMap<string, string>, grant: GrantWish, subject: string) {
    this.#client = client;
    this.#cookies = new Map(cookies);
    this.#grant = grant;
    this.subject = subject;
  }

  /** Signs a user in and reads the user's `sub` from an ID token. */
  static async signIn(client: HttpClient, tokenPath: string, grant: GrantWish, user: number): Promise<BrowserSession> {
    const openid: GrantWish = { ...grant, scope: [...new Set(['openid', ...grant.scope.split(' ')])].join(' ') };
    const browser = new BrowserSession(client, new Map(), openid, '');
    const code = await browser.#authorize(usernameOf(user));
    const headers = { authorization: basic(grant.client), 'content-type': FORM_TYPE };
    const answer = await client.send(tokenPath, { method: 'POST', headers, body: exchangeForm(code) });
    if (answer.status !== 200) throw new Error(`code exchange: ${answer.status} ${answer.body.slice(0, 300)}`);
    const payload = readText(readMembers(answer.body, 'token response'), 'id_token').split('.')[1] ?? '';
    const claims = readMembers(Buffer.from(payload, 'base64url').toString(), 'ID token');
    return new BrowserSession(client, browser.#cookies, grant, readText(claims, 'sub'));
  }

  newCode(): Promise<string> {
    return this.#authorize(undefined);
  }

  /** Follows redirects and fills in the sign-in and consent forms until the code comes back. */
  async #authorize(username: string | undefined): Promise<string> {
    let answer = await this.#visit(`/oauth/authorize?${authorizationForm(this.#grant)}`);
    for (let step = 0; step < MAX_STEPS; step += 1) {
      const { location } = answer.headers;
      if (location?.startsWith(REDIRECT_URI)) {
        const code = new URL(location).searchParams.get('code');
        if (code === null) throw new Error(`no code: ${location}`);
        return code;
      }
      if (location !== undefined) answer = await this.#visit(pathOf(location));
      else if (answer.body.includes('id="signin"'))
        answer = await this.#submit(answer, 'signin', { username: username ?? '', password: PASSWORD });
      else if (answer.body.includes('id="consent"')) answer = await this.#submit(answer, 'consent', {});
      else throw new Error(`neither a page to fill in nor a code: ${answer.status} ${answer.body.slice(0, 500)}`);
    }
    throw new Error('no code after many pages');
  }

  async #visit(path: string, body?: string): Promise<Answer> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers: Record<string, string> = { accept: 'text/html' };
    if (cookie !== '') headers['cookie'] = cookie;
    if (body !== undefined) headers['content-type'] = FORM_TYPE;
    const answer = await this.#client.send(path, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      ...(body === undefined ? undefined : { body }),
    });
    for (const line of answer.headers['set-cookie'] ?? []) {
      const pair = line.split(';')[0] ?? '';
      const equals = pair.indexOf('=');
      this.#cookies.set(pair.slice(0, equals), pair.slice(equals + 1));
    }
    return answer;
  }

  /** Posts a page's form with its hidden fields and, where there is one, the value of its first submit button. */
  #submit(page: Answer, id: string, values: Readonly<Record<string, string>>): Promise<Answer> {
    const found = new RegExp(`<form[^>]*\\bid="${id}"[^>]*>([\\s\\S]*?)</form>`).exec(page.body);
    if (found === null) throw new Error(`no form #${id}`);
    const [whole, inside = ''] = found;
    const fields: Record<string, string> = {};
    for (const [tag] of inside.matchAll(/<input[^>]*>/g)) {
      if (attribute(tag, 'type') === 'hidden') fields[attribute(tag, 'name')] = attribute(tag, 'value');
    }
    const button = /<button[^>]*>/.exec(inside)?.[0] ?? '';
    if (attribute(button, 'name') !== '') fields[attribute(button, 'name')] = attribute(button, 'value');
    const action = attribute(/<form[^>]*>/.exec(whole)?.[0] ?? '', 'action');
    return this.#visit(pathOf(action), form({ ...fields, ...values }));
  }
}

function pathOf(location: string): string {
  const url = new URL(location, 'http://localhost');
  return url.pathname + url.search;
}

/** The value of a tag's attribute; '' where it has none. */
function attribute(tag: string, name: string): string {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1] ?? '';
  return value.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
