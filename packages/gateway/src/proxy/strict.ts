import type { IncomingMessage } from 'node:http';
import type { HeaderNames } from './header-names.ts';
import { type Refusal, refuse } from './refusal.ts';

/** What the headers of a request say about the message itself. */
export interface Framing {
  readonly kind: 'framing';
  /** The one value of `Host`. */
  readonly host: string;
  /** Bytes of the body; undefined where it is chunked, or where there is none. */
  readonly length: number | undefined;
  readonly isChunked: boolean;
  /** Waits for a 100 before it sends its body (RFC 9110 §10.1.1). */
  readonly expectsContinue: boolean;
  /** Headers that `Connection` names: of this connection alone (RFC 9110 §7.6.1). Lower case. */
  readonly named: ReadonlySet<string> | undefined;
}

const MAX_HEADERS = 100;
/** Of all headers together, with what stands between them. */
const MAX_BYTES = 16_384;
const NEVER = new Set(['TRACE', 'TRACK', 'CONNECT']);
/** What must never be cut out by naming it: the message would be another one, or from somebody else. */
const NOT_TO_BE_NAMED = new Set(['host', 'authorization', 'cookie', 'content-length', 'transfer-encoding']);

const VERSION = last(505, 'http_version', 'HTTP/1.1 is spoken here');
const METHOD = last(405, 'method', 'the method is not taken by anybody here');
const ASTERISK = last(400, 'target_form', 'the target is neither a path nor an address of the host');
const HOST = last(400, 'host', 'the request needs one Host, the one of its target');
const CODING = last(400, 'transfer_coding', 'the body has a transfer coding that is not taken, or two ends');
const LENGTH = last(400, 'content_length', 'the length of the body is no number, or there are two');
const NAMED = last(400, 'connection_option', 'Connection names a header that is not of the connection');
const EXPECT = last(417, 'expectation', 'there is nothing to expect but 100-continue');
/** A browser whose cookies are too many would never get out of it by itself: whoever answers clears those that are the edge's. */
export const HEADERS_TOO_LARGE: Refusal = last(431, 'headers_too_large', 'the request has headers that are too long');
const MANY = last(431, 'too_many_headers', 'the request has too many headers');

/**
 * Judges what Node's parser lets through (RFC 9112 §6, attacks GTW-16): a transfer coding other than `chunked`, HTTP/1.0 (whose answers end
 * with the connection, whole or not), two Hosts, too many headers, methods that nobody means. Node itself refuses folded lines, a bare LF, a length beside a
 * coding, and two of either.
 */
export function readFraming(request: IncomingMessage, names: HeaderNames): Framing | Refusal {
  const { rawHeaders, method } = request;
  if (request.httpVersionMajor !== 1 || request.httpVersionMinor !== 1) return VERSION;
  if (method === undefined || NEVER.has(method)) return METHOD;
  if (request.url === '*') return ASTERISK;
  if (rawHeaders.length > 2 * MAX_HEADERS) return MANY;
  let bytes = 0;
  let host: string | undefined;
  let length: number | undefined;
  let isChunked = false;
  let expectsContinue = false;
  let named: Set<string> | undefined;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const value = rawHeaders[i + 1] ?? '';
    bytes += name.length + value.length + 4;
    if (bytes > MAX_BYTES) return HEADERS_TOO_LARGE;
    switch (names(name).fate) {
      case 'host':
        if (host !== undefined) return HOST;
        host = value;
        break;
      case 'content-length':
        if (length !== undefined || !/^\d{1,15}$/.test(value)) return LENGTH;
        length = Number(value);
        break;
      case 'transfer-encoding':
        if (isChunked || value !== 'chunked') return CODING;
        isChunked = true;
        break;
      case 'connection': {
        named = readOptions(value, named);
        break;
      }
      case 'expect':
        if (value.toLowerCase() !== '100-continue') return EXPECT;
        expectsContinue = true;
        break;
      default:
    }
  }
  if (host === undefined) return HOST;
  if (isChunked && length !== undefined) return CODING;
  if (named !== undefined) for (const name of NOT_TO_BE_NAMED) if (named.has(name)) return NAMED;
  return { kind: 'framing', host, length, isChunked, expectsContinue, named };
}

/** The options in a value of `Connection`, with those found before. The usual ones name no header. */
export function readOptions(value: string, before: Set<string> | undefined): Set<string> | undefined {
  if (value === 'keep-alive' || value === 'close') return before;
  const options = before ?? new Set<string>();
  for (const option of value.split(',')) {
    const name = option.trim().toLowerCase();
    if (name !== '') options.add(name);
  }
  return options;
}

/** After what is odd about a message itself the connection ends (RFC 9112 §9.6). */
function last(status: number, code: string, detail: string): Refusal {
  return { ...refuse(status, code, detail), ends: true };
}
