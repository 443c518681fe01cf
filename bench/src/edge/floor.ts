/**
 * The floor of an edge: the fastest proxy there is on Node without any of an edge's work. `Pool.dispatch` with a handler of its own, headers passed
 * on as they came, an answer of known length written once when it is here, any other as it comes.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Pool } from 'undici';
import { answerMemory } from './memory-of.ts';

const [, , port, upstream, connections = '64'] = process.argv;
const pool = new Pool(`http://127.0.0.1:${upstream}`, {
  connections: Number(connections),
  pipelining: 1,
  keepAliveTimeout: 30_000,
  bodyTimeout: 0,
});
const HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'host']);

class Passing {
  readonly #response: ServerResponse;
  #status = 0;
  #lines: string[] = [];
  #chunks: Buffer[] = [];
  #isStream = false;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(controller: { abort(reason: Error): void }): void {
    this.#response.on('close', () => {
      if (!this.#response.writableEnded) controller.abort(new Error('the client has gone'));
    });
  }

  onResponseStart(_: unknown, status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void {
    this.#status = status;
    for (const name in headers) {
      const value = headers[name];
      if (typeof value === 'string' && !HOP.has(name)) this.#lines.push(name, value);
    }
    if (headers['content-length'] !== undefined) return;
    this.#isStream = true;
    this.#response.writeHead(status, this.#lines);
    this.#response.flushHeaders();
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    if (this.#isStream) this.#response.write(chunk);
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#isStream) {
      this.#response.end();
      return;
    }
    this.#response.writeHead(this.#status, this.#lines);
    const [first] = this.#chunks;
    this.#response.end(this.#chunks.length > 1 ? Buffer.concat(this.#chunks) : first);
  }

  onResponseError(): void {
    if (this.#response.headersSent) this.#response.destroy();
    else this.#response.writeHead(502).end();
  }
}

function headersOf({ rawHeaders }: IncomingMessage): string[] {
  const lines: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (!HOP.has(name.toLowerCase())) lines.push(name, rawHeaders[i + 1] ?? '');
  }
  return lines;
}

const server = createServer((request, response) => {
  pool.dispatch({ path: request.url ?? '/', method: 'GET', headers: headersOf(request) }, new Passing(response));
});
answerMemory();
server.listen(Number(port), '127.0.0.1', 2_048, () => process.send?.({ ready: true }));
process.on('disconnect', () => process.exit(0));
