import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { passportIntrospector } from '@hufu/resource/passport';
import { STYLESHEET } from '@hufu/server/interaction/pages/style';
import { edgePage } from './edge-page.ts';
import { MAX_NOTE, type Notes } from './notes.ts';

/** What is behind the demo's gateway. */
export interface EdgeService {
  readonly url: string;
  close(): Promise<void>;
}

const MAX_BODY = 4_096;
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/**
 * A page and its notes on a port of this machine. It looks at no token: who asks stands in the Passport that the gateway has signed for it, and what came along is in the answer.
 *
 * @param edge where the gateway is.
 */
export async function startEdgeService(notes: Notes, edge: string, nowMs: () => number): Promise<EdgeService> {
  const passports = passportIntrospector({ edge: 'edge', service: 'service', jwksUri: `${edge}/edge/passport/jwks`, nowMs });
  // As the files of the demo's other page: the same way from `src/demo` and from `dist/chunks`.
  const read = (name: string): string => readFileSync(new URL(`../../src/demo/browser/${name}`, import.meta.url), 'utf8');
  const files = new Map([
    ['/edge.js', read('edge.js')],
    ['/style.css', STYLESHEET + read('style.css')],
  ]);

  async function serve(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const file = files.get(path);
    if (path === '/notes') await answerNotes(request, response, body);
    else if (file !== undefined) write(response, 200, path.endsWith('.css') ? 'text/css' : 'text/javascript', file);
    else if (path === '/') write(response, 200, 'text/html', edgePage(request.headers['accept-language']));
    else write(response, 404, 'text/plain', 'not found\n');
  }

  async function answerNotes(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    const reading = await passports.read(request);
    if (reading.kind === 'refused') {
      write(response, reading.status, 'text/plain', `${reading.reason}\n`);
      return;
    }
    const { user, client } = reading.passport;
    if (request.method === 'POST') {
      const text = body.trim();
      if (text === '' || text.length > MAX_NOTE || !text.isWellFormed()) {
        write(response, 400, 'text/plain', `needs 1 to ${MAX_NOTE} characters\n`);
        return;
      }
      notes.write(text, user?.subject ?? client?.clientId ?? 'nobody', nowMs());
    }
    const names = request.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    write(response, 200, 'application/json', `${JSON.stringify({ notes: notes.all(), got: names }, undefined, 2)}\n`);
  }

  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      if (body.length <= MAX_BODY) body += chunk;
    });
    request.on('end', () => {
      serve(request, response, body).catch(() => response.destroy());
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => resolve());
  });
  // A start that fails elsewhere does not stay for it.
  server.unref();
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function write(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'cache-control': type === 'application/json' ? 'no-store' : 'no-cache',
    'content-security-policy': POLICY,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
  response.end(body);
}
