import assert from 'node:assert/strict';
import type { Browser, Place } from './browser.ts';
import { type Form, readForms, readTags } from './html.ts';
import { type HttpMessage, type HttpReply, type HttpsClient, mediaType, textOf } from './https-client.ts';

const MAX_REDIRECTS = 20;
const FORM = 'application/x-www-form-urlencoded';

interface Cookie {
  readonly host: string;
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly sameSite: string;
}

/**
 * A browser without scripts: cookies (with SameSite as browsers have it), redirects, forms, frames. What it shows is what everybody can use.
 */
export class ScriptlessBrowser implements Browser {
  readonly scripts = false;
  place: Place = { url: 'about:blank', status: 0, page: '', html: '' };
  readonly #http: HttpsClient;
  readonly #cookies: Cookie[] = [];
  #forms: readonly Form[] = [];

  constructor(http: HttpsClient) {
    this.#http = http;
  }

  visit(url: string): Promise<Place> {
    return this.#go(url, {}, { from: undefined });
  }

  post(url: string, fields: Readonly<Record<string, string>>): Promise<Place> {
    return this.#go(url, formMessage(fields), { from: 'https://elsewhere.example' });
  }

  async fill(name: string, value: string): Promise<void> {
    const form = this.#forms.find(({ fields }) => fields.has(name));
    assert.ok(form !== undefined, `the page ${this.place.page} has no field ${name}`);
    form.fields.set(name, value);
  }

  async click(id: string): Promise<Place> {
    const form = this.#forms.find(({ buttons }) => buttons.some(({ attributes }) => attributes['id'] === id));
    const button = form?.buttons.find(({ attributes }) => attributes['id'] === id);
    assert.ok(form !== undefined && button !== undefined, `the page ${this.place.page} has no button ${id}`);
    const { name, value = '' } = button.attributes;
    const fields = Object.fromEntries([...form.fields, ...(name === undefined ? [] : [[name, value] as const])]);
    const url = new URL(form.action, this.place.url);
    const from = new URL(this.place.url).origin;
    if (form.method === 'post') return this.#go(url.href, formMessage(fields), { from });
    url.search = new URLSearchParams(fields).toString();
    return this.#go(url.href, {}, { from });
  }

  async close(): Promise<void> {
    this.#cookies.length = 0;
  }

  async #go(start: string, message: HttpMessage, { from }: { readonly from: string | undefined }): Promise<Place> {
    let url = start;
    let sent = message;
    let crossSite = from !== undefined && new URL(from).hostname !== new URL(url).hostname;
    for (let step = 0; step < MAX_REDIRECTS; step += 1) {
      const reply = await this.#load(url, sent, from, crossSite);
      const location = reply.headers['location'];
      if (reply.status < 300 || reply.status > 399 || location === undefined) return this.#show(url, reply);
      const next = new URL(location, url);
      // A fragment is inherited where the new address has none (RFC 9110 §10.2.2).
      if (next.hash === '') next.hash = new URL(url).hash;
      crossSite ||= next.hostname !== new URL(url).hostname;
      url = next.href;
      if (reply.status !== 307 && reply.status !== 308) sent = {};
    }
    assert.fail(`more than ${MAX_REDIRECTS} redirects from ${start}`);
  }

  async #load(url: string, message: HttpMessage, from: string | undefined, crossSite: boolean): Promise<HttpReply> {
    const safe = (message.method ?? 'GET') === 'GET';
    const cookie = this.#cookiesFor(new URL(url), (sameSite) => !crossSite || sameSite === 'none' || (sameSite === 'lax' && safe));
    const reply = await this.#http.send(url, {
      ...message,
      headers: {
        accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
        'accept-language': 'en',
        'sec-fetch-site': from === undefined ? 'none' : crossSite ? 'cross-site' : 'same-origin',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
        ...(from === undefined || safe ? {} : { origin: from }),
        ...message.headers,
        ...(cookie === '' ? {} : { cookie }),
      },
    });
    this.#keepCookies(new URL(url), reply.setCookies);
    return reply;
  }

  async #show(url: string, reply: HttpReply): Promise<Place> {
    const html = mediaType(reply) === 'text/html' ? textOf(reply) : '';
    this.#forms = readForms(html);
    const tags = readTags(html);
    this.place = { url, status: reply.status, page: tags.find(({ name }) => name === 'body')?.attributes['data-page'] ?? '', html };
    for (const { name, attributes } of tags) {
      const { src } = attributes;
      // Frames are other sites' pages: they load with the cookies that may go along.
      if (name === 'iframe' && src !== undefined) await this.#load(new URL(src, url).href, {}, new URL(url).origin, true);
    }
    const refresh = tags.find(({ name, attributes }) => name === 'meta' && attributes['http-equiv']?.toLowerCase() === 'refresh');
    const target = /;\s*url=(.+)$/i.exec(refresh?.attributes['content'] ?? '')?.[1];
    return target === undefined ? this.place : this.#go(new URL(target, url).href, {}, { from: new URL(url).origin });
  }

  #cookiesFor(url: URL, mayGo: (sameSite: string) => boolean): string {
    const going = this.#cookies.filter(
      ({ host, path, sameSite }) => host === url.hostname && url.pathname.startsWith(path) && mayGo(sameSite),
    );
    return going.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  #keepCookies(url: URL, lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const equals = pair.indexOf('=');
      const name = pair.slice(0, equals);
      const read = (wanted: string): string | undefined =>
        attributes.find((text) => text.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
      const before = this.#cookies.findIndex((cookie) => cookie.name === name && cookie.host === url.hostname);
      if (before !== -1) this.#cookies.splice(before, 1);
      if (Number(read('max-age') ?? 1) <= 0) continue;
      const sameSite = (read('samesite') ?? 'lax').toLowerCase();
      this.#cookies.push({ host: url.hostname, name, value: pair.slice(equals + 1), path: read('path') ?? '/', sameSite });
    }
  }
}

function formMessage(fields: Readonly<Record<string, string>>): HttpMessage {
  return { method: 'POST', headers: { 'content-type': FORM }, body: new URLSearchParams(fields).toString() };
}
