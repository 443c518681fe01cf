import { Agent, request } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { TestCertificate } from '../../support/certificate.ts';
import { type Json, readObject } from './json.ts';

export interface HttpReply {
  readonly url: string;
  readonly status: number;
  /** Lower-case names; those that stand more than once are joined. */
  readonly headers: Readonly<Record<string, string>>;
  readonly setCookies: readonly string[];
  readonly body: Buffer;
}

export interface HttpMessage {
  readonly method?: string;
  /** A list is sent as so many lines. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

const TIMEOUT_MS = 60_000;

/** HTTPS that trusts one certificate and follows nothing. */
export class HttpsClient {
  readonly #agent: Agent;

  /**
   * @param ca PEM
   * @param certificate what it shows when it connects
   */
  constructor(ca: string, certificate?: TestCertificate) {
    this.#agent = new Agent({ ...certificate, ca, keepAlive: true, maxSockets: 8, lookup: loopback });
  }

  send(url: string, { method = 'GET', headers = {}, body }: HttpMessage = {}): Promise<HttpReply> {
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const lines = Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]] as const);
      const options = { method, headers: { ...Object.fromEntries(lines), ...length }, agent: this.#agent, timeout: TIMEOUT_MS };
      const sent = request(url, options, (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('error', reject);
        reply.on('end', () => {
          const { 'set-cookie': setCookies = [], ...rest } = reply.headers;
          const joined = Object.entries(rest).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]);
          resolve({ url, status: reply.statusCode ?? 0, headers: Object.fromEntries(joined), setCookies, body: Buffer.concat(chunks) });
        });
      });
      sent.on('timeout', () => sent.destroy(new Error(`${method} ${url}: no answer within ${TIMEOUT_MS} ms`)));
      sent.on('error', reject);
      sent.end(body);
    });
  }

  postForm(url: string, fields: Readonly<Record<string, string>>, headers: HttpMessage['headers'] = {}): Promise<HttpReply> {
    const body = new URLSearchParams(fields).toString();
    return this.send(url, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers }, body });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Every name that a test asks for is of this machine. */
const loopback: LookupFunction = (_host, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

export function textOf(reply: HttpReply): string {
  return reply.body.toString('utf8');
}

export function objectOf(reply: HttpReply, what: string): Json {
  return readObject(textOf(reply), `${what} (${reply.status})`);
}

/** Without parameters, lower case. */
export function mediaType(reply: Pick<HttpReply, 'headers'>): string {
  return (reply.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}
