import type { ServerResponse } from 'node:http';
import { monotonicMs } from './clock.ts';
import type { Context } from './context.ts';
import { allowOrigin, linesOf } from './header-lines.ts';
import type { BodyStream, HttpReply, HttpRequest } from './http.ts';
import { findHeader } from './raw-headers.ts';
import type { Route } from './route.ts';

/** Where a reply goes, and how it is counted. */
interface Asked {
  readonly ctx: Context;
  readonly reply: ServerResponse;
  /** Undefined: there is none. */
  readonly route: Route | undefined;
  /** As it is counted. */
  readonly counted: number;
  /** Of `monotonicMs`. */
  readonly begunMs: number;
}

/** Writes a reply, with what concerns every reply: its length, whether the sender has it already, and the headers that all have. */
export function sendReply(
  { ctx, reply: raw, counted, begunMs, route }: Asked,
  { status, headers, body, origins, stream }: HttpReply,
  http: HttpRequest,
  crossOrigin: Route['crossOrigin'] = route?.crossOrigin ?? 'none',
): void {
  let lines = linesOf(ctx, headers, crossOrigin === 'any');
  if (stream === undefined && headers['content-length'] === undefined) {
    lines = [...lines, 'content-length', String(typeof body === 'string' ? Buffer.byteLength(body) : body.length)];
  }
  if (crossOrigin === 'client') lines = [...lines, ...allowOrigin(origins, http, headers)];
  // The rest of a body that is too large is not worth a connection.
  if (status === 413) raw.shouldKeepAlive = false;
  // What was changed was changed, whatever the sender had (RFC 9110 §13.1.2).
  const reads = http.method === 'GET' || http.method === 'HEAD';
  // What nobody may keep, nobody has: the tag is for their next change alone.
  const mayHave = status === 200 && reads && headers['cache-control'] !== 'no-store';
  const had = mayHave && isHad(raw.req.rawHeaders, headers['etag']);
  raw.writeHead(had ? 304 : status, lines as string[]);
  if (stream !== undefined) stream(bodyStream(raw));
  else if (had || http.method === 'HEAD') raw.end();
  else raw.end(body);
  // What waits because whoever asked wants it to says nothing of how fast we are.
  if (route?.takesTime === true) ctx.metrics.meter.streamed(counted, had ? 304 : status);
  else ctx.metrics.meter.requested(counted, had ? 304 : status, monotonicMs() - begunMs);
}

/** At once where it is closed already: whoever asked may be gone before anybody listens. */
export function onceClosed(raw: ServerResponse, act: () => void): void {
  if (raw.closed) act();
  else raw.once('close', act);
}

function bodyStream(raw: ServerResponse): BodyStream {
  return {
    write: (text) => raw.write(text),
    onRoom: (act) => void raw.on('drain', act),
    onClose: (act) => onceClosed(raw, act),
    end: () => void raw.end(),
    cut: () => void raw.destroy(),
  };
}

/** RFC 9110 §13.1.2: whether the sender has what would be sent. A list, `*`, and tags that a proxy has made weak on its way. */
function isHad(rawHeaders: readonly string[], etag: string | readonly string[] | undefined): boolean {
  if (etag === undefined) return false;
  const asked = findHeader(rawHeaders, 'if-none-match').flatMap((value) => value.split(',').map((tag) => tag.trim()));
  return asked.some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag);
}
