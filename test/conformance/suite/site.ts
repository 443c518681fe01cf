import { createServer, type Server } from 'node:https';
import type { TestCertificate } from '../../support/certificate.ts';

/** A request that reached the relying party. */
export interface SiteRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SiteReply {
  /** 200 by default. */
  readonly status?: number;
  readonly location?: string;
  readonly type: string;
  readonly body: string | Buffer;
}

/**
 * Where the relying party lives, in the browser's eyes another site than the provider's localhost. It is no name of this machine either: those are
 * nothing for a client with the implicit flow (OpenID Connect Registration §2). `resolve-site.ts` says where it is.
 */
export const SITE_HOST = 'suite.test';

const MAX_BODY = 100_000;
const ARRIVED: SiteReply = {
  type: 'text/html; charset=utf-8',
  body: '<!doctype html><title>Relying party</title><body data-page="rp">Arrived.',
};

/** The relying party's own https server: it takes answers, and publishes keys, request objects, lists and pages. */
export class Site {
  readonly origin: string;
  readonly #server: Server;
  readonly #pages = new Map<string, () => SiteReply>();
  readonly #requests: SiteRequest[] = [];
  #arrived: (() => void)[] = [];

  private constructor(server: Server, origin: string) {
    this.#server = server;
    this.origin = origin;
  }

  /** Listens on 127.0.0.1. */
  static async start({ cert, key }: TestCertificate): Promise<Site> {
    const server = createServer({ cert, key, keepAliveTimeout: 60_000 });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const site = new Site(server, `https://${SITE_HOST}:${address.port}`);
    site.#listen();
    return site;
  }

  /** Publishes something; without it every path is a page that says “Arrived”. */
  publish(url: string, page: () => SiteReply): void {
    this.#pages.set(new URL(url).pathname, page);
  }

  /** The requests for an address so far, oldest first. */
  requestsFor(url: string): readonly SiteRequest[] {
    const { pathname } = new URL(url);
    return this.#requests.filter(({ path }) => path === pathname);
  }

  /** Waits until an address has had so many requests. @returns the last of them; undefined when the time is over */
  async awaitRequest(url: string, count: number, timeoutMs: number): Promise<SiteRequest | undefined> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const found = this.requestsFor(url);
      if (found.length >= count) return found[count - 1];
      const left = end - performance.now();
      if (left <= 0) return undefined;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#arrived.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Forgets what came to addresses that begin like this. */
  forget(base: string): void {
    const { pathname } = new URL(base);
    const kept = this.#requests.filter(({ path }) => !path.startsWith(pathname));
    this.#requests.splice(0, this.#requests.length, ...kept);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #listen(): void {
    this.#server.on('request', (request, reply) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
        if (body.length > MAX_BODY) request.destroy();
      });
      request.on('end', () => {
        const url = new URL(request.url ?? '/', this.origin);
        const headers = Object.entries(request.headers).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.join(', ') : (value ?? ''),
        ]);
        this.#requests.push({
          method: request.method ?? '',
          path: url.pathname,
          query: url.searchParams,
          headers: Object.fromEntries(headers),
          body,
        });
        const page = this.#pages.get(url.pathname)?.() ?? ARRIVED;
        const more = page.location === undefined ? {} : { location: page.location };
        reply.writeHead(page.status ?? 200, { 'content-type': page.type, 'cache-control': 'no-store', ...more }).end(page.body);
        const waiting = this.#arrived;
        this.#arrived = [];
        for (const arrived of waiting) arrived();
      });
    });
  }
}
