import { type JobStatus, MAX_JOB_BYTES, type Offered, type Queue } from './queue.ts';

export interface QueueHandlerOptions {
  /** Where jobs are posted to, as `/jobs`; a job's status is at `/jobs/<id>`. */
  readonly path: string;
  /** Whose request it is, proven: nobody else is told of their jobs. Or the answer to who may not ask at all. */
  readonly scope: (request: Request) => string | Response | Promise<string | Response>;
}

/**
 * Takes jobs over HTTP. `POST` of a text of 64 KiB at most, with `Idempotency-Key` or without: 202 with the address of its status, 200 where
 * the same job is over already, 422 where there is another one behind the key, 429 where the queue is full, 503 where nothing is taken from
 * it or Redis is away. `GET` of a status: 200, or 404. Refusals are problem details (RFC 9457 §3), and say when to come again (RFC 9110 §10.2.3).
 */
export function queueHandler(queue: Queue, { path, scope }: QueueHandlerOptions): (request: Request) => Promise<Response> {
  if (!/^(?:\/[\w.~-]+)+$/.test(path)) throw new TypeError('path: begins with a slash, and ends without one');
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname !== path && !pathname.startsWith(`${path}/`)) return problem(404, 'There is nothing here');
    const owner = await scope(request);
    if (typeof owner !== 'string') return owner;
    if (pathname !== path) return await answerStatus(queue, request, pathname.slice(path.length + 1), owner);
    return request.method === 'POST' ? await answerOffer(queue, request, path, owner) : notAllowed('POST');
  };
}

async function answerOffer(queue: Queue, request: Request, path: string, scope: string): Promise<Response> {
  const key = readKey(request.headers.get('idempotency-key'));
  if (key.kind === 'malformed') return problem(400, 'Idempotency-Key is a string of 1 to 255 visible characters');
  const job = await readText(request);
  if (job.kind === 'too_long') return problem(413, `A job has ${MAX_JOB_BYTES} bytes at most`);
  if (job.kind === 'no_text') return problem(400, 'A job is text in UTF-8');
  return reply(await queue.offer(job.text, { scope, idempotencyKey: key.value }), path);
}

function reply(offered: Offered, path: string): Response {
  switch (offered.kind) {
    case 'accepted': {
      const { id, position, etaMs } = offered;
      return json(202, { id, state: 'queued', position, eta_ms: etaMs }, { location: `${path}/${id}`, ...comeAgain(etaMs) });
    }
    case 'duplicate': {
      const { id, state } = offered;
      return json(state === 'queued' || state === 'running' ? 202 : 200, { id, state }, { location: `${path}/${id}` });
    }
    case 'conflict':
      return problem(422, 'This Idempotency-Key belongs to another job');
    case 'full':
      return offered.draining
        ? problem(429, 'The queue is full', comeAgain(offered.retryAfterMs))
        : problem(503, 'The queue is full, and nothing is taken from it now', comeAgain(offered.retryAfterMs));
    case 'unavailable':
      return away();
  }
}

async function answerStatus(queue: Queue, request: Request, id: string, scope: string): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return notAllowed('GET, HEAD');
  return replyStatus(id, await queue.status(id, scope));
}

function replyStatus(id: string, status: JobStatus): Response {
  switch (status.kind) {
    case 'unknown':
      return problem(404, 'There is no such job');
    case 'unavailable':
      return away();
    case 'queued': {
      const { kind, attempts, position, etaMs } = status;
      return json(200, { id, state: kind, attempts, position, eta_ms: etaMs }, comeAgain(etaMs));
    }
    default: {
      const { kind, ...rest } = status;
      return json(200, { id, state: kind, ...rest });
    }
  }
}

type Key = { readonly kind: 'key'; readonly value: string | undefined } | { readonly kind: 'malformed' };

/** A string of structured fields, as the draft of `Idempotency-Key` has it, or bare, as many send it. */
function readKey(header: string | null): Key {
  if (header === null) return { kind: 'key', value: undefined };
  const [, quoted, bare] = /^(?:"((?:[ !#-[\]-~]|\\["\\])+)"|([!#-+\--~]+))$/.exec(header) ?? [];
  const value = bare ?? quoted?.replace(/\\(.)/g, '$1') ?? '';
  return value.length > 0 && value.length <= 255 ? { kind: 'key', value } : { kind: 'malformed' };
}

type Text = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'too_long' } | { readonly kind: 'no_text' };

async function readText(request: Request): Promise<Text> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > MAX_JOB_BYTES) return { kind: 'too_long' };
    chunks.push(chunk);
  }
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks)) };
  } catch {
    return { kind: 'no_text' };
  }
}

/** Redis is away, or full: in a second it may be otherwise. */
function away(): Response {
  return problem(503, 'The queue cannot be reached now', comeAgain(1_000));
}

function notAllowed(allow: string): Response {
  return problem(405, `Only ${allow}`, { allow });
}

/** Whole seconds, rounded up: earlier would be too early. */
function comeAgain(ms: number | undefined): Readonly<Record<string, string>> {
  return ms === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(ms / 1_000))) };
}

function problem(status: number, title: string, headers: Readonly<Record<string, string>> = {}): Response {
  return json(status, { title, status }, { ...headers, 'content-type': 'application/problem+json' });
}

function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  });
}
