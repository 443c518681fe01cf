import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent, type Page } from '../agent.ts';

/** What the edge answered. */
export interface EdgeAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly setCookies: readonly string[];
  readonly body: string;
}

export interface EdgeAsk {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Another gateway of the same edge: where it listens. */
  readonly port?: number;
}

/** A browser at an edge with sessions: keeps cookies as one does, and asks any gateway of the edge under the one name that it has. */
export class EdgeBrowser {
  readonly jar: Map<string, string> = new Map();
  readonly agent: Agent;
  readonly #origin: string;

  /** @param origin of the edge @param issuer whose pages it signs in at */
  constructor(origin: string, issuer: string) {
    this.#origin = origin;
    this.agent = new Agent(issuer);
  }

  get cookie(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** The session's cookie; fails where there is none. */
  get session(): { readonly name: string; readonly value: string } {
    const [[name, value] = assert.fail('no session')] = [...this.jar].filter(([one]) => /^__Host-Http-hufu-.{8}$/.test(one));
    return { name, value };
  }

  async ask(path: string, { method = 'GET', headers = {}, body, port }: EdgeAsk = {}): Promise<EdgeAnswer> {
    const { hostname, host, port: own } = new URL(this.#origin);
    const cookie = this.jar.size === 0 ? {} : { cookie: this.cookie };
    const answer = await new Promise<EdgeAnswer>((resolve, reject) => {
      const sent = httpRequest(
        { host: hostname, port: port ?? own, method, path, headers: { host, ...cookie, ...headers }, agent: false },
        (reply) => {
          let text = '';
          reply.setEncoding('latin1').on('data', (piece: string) => {
            text += piece;
          });
          reply.on('error', reject);
          reply.on('end', () =>
            resolve({ status: reply.statusCode ?? 0, headers: reply.headers, setCookies: reply.headers['set-cookie'] ?? [], body: text }),
          );
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
    for (const line of answer.setCookies) this.#keep(line);
    return answer;
  }

  /** As a page of the edge's own origin asks. */
  async call(path: string, more: EdgeAsk = {}): Promise<EdgeAnswer> {
    return this.ask(path, { ...more, headers: { 'x-csrf': '1', origin: this.#origin, ...more.headers } });
  }

  /** Begins a sign-in, and goes through the issuer's pages. @returns the path of the callback, which has not been asked yet */
  async begin(user: { readonly username: string; readonly password: string }, query = ''): Promise<string> {
    const begun = await this.ask(`/edge/login${query}`);
    assert.equal(begun.status, 303, begun.body);
    let page: Page = await this.agent.get(String(begun.headers.location));
    for (let steps = 0; steps < 6 && !page.location.startsWith(this.#origin); steps += 1) {
      page = page.location === '' ? await this.agent.submit(page, user) : await this.agent.get(page.location);
    }
    assert.ok(page.location.startsWith(`${this.#origin}/edge/callback?`), page.location);
    return page.location.slice(this.#origin.length);
  }

  async signIn(user: { readonly username: string; readonly password: string }, query = ''): Promise<EdgeAnswer> {
    const back = await this.ask(await this.begin(user, query));
    assert.equal(back.status, 303, back.body);
    return back;
  }

  async who(port?: number): Promise<Readonly<Record<string, unknown>>> {
    const { status, body } = await this.call('/edge/session', port === undefined ? {} : { port });
    assert.equal(status, 200, body);
    return JSON.parse(body);
  }

  /** `__Host-` cookies are kept only as browsers keep them (RFC 6265bis §4.1.3.2). */
  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const equals = pair.indexOf('=');
    const has = (one: string): boolean => attributes.includes(one);
    assert.ok(has('Secure') && has('HttpOnly') && has('Path=/') && !attributes.some((one) => /^domain/i.test(one)), line);
    if (has('Max-Age=0')) this.jar.delete(pair.slice(0, equals));
    else this.jar.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
}
