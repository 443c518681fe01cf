/** A receiver of webhooks: takes what is signed, once, and says what it was (https://www.standardwebhooks.com). It needs nothing but Node. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';

const url = new URL(process.env.RECEIVER_URL ?? 'http://localhost:3000/');
const secret = process.env.WEBHOOK_SECRET ?? '';
if (!secret.startsWith('whsec_')) throw new Error('WEBHOOK_SECRET is what `hufu webhook create` has shown');
const key = Buffer.from(secret.slice('whsec_'.length), 'base64');

/** Older requests may be somebody's copies. */
const TOLERANCE_SECONDS = 300;
const MAX_BODY = 65_536;
/** Names that were taken already: an event may come more than once. Keep them where your own changes are, in the same transaction. */
const taken = new Set<string>();
const MAX_TAKEN = 10_000;

function isSigned(headers: IncomingHttpHeaders, body: string): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const expected = Buffer.from(`v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`);
  // Several while a secret is being changed.
  return String(signatures)
    .split(' ')
    .some((one) => one.length === expected.length && timingSafeEqual(Buffer.from(one, 'latin1'), expected));
}

createServer((request, reply) => {
  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > MAX_BODY) request.destroy();
    else chunks.push(chunk);
  });
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString();
    if (!isSigned(request.headers, body)) return void reply.writeHead(401).end();
    const id = String(request.headers['webhook-id']);
    if (!taken.has(id)) {
      const { type, data } = JSON.parse(body);
      console.log(`${type} ${data.target?.kind ?? ''} ${data.target?.id ?? ''} (entry ${data.seq ?? 'none'})`);
      if (taken.size >= MAX_TAKEN) taken.clear();
      taken.add(id);
    }
    // Before anything that takes long: who answers late is asked again.
    reply.writeHead(204).end();
  });
}).listen(Number(url.port), url.hostname, () => console.log(`listening at ${url.origin}`));
