import { abortAfter } from './clock.ts';

/** What fetches: the global `fetch` or something that behaves like it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A JSON document, with how long its server says that it stays true. */
export interface FetchedDocument {
  readonly body: unknown;
  /** Seconds (RFC 9111 §5.2.2.1 less §5.1); 0 where it is not to be kept; undefined where nothing is said. */
  readonly maxAgeSeconds: number | undefined;
}

/** Why a document could not be had. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
  /** The HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** Seconds until the server wants to be asked again (RFC 9110 §10.2.3), where it says so in seconds. */
  readonly retryAfterSeconds: number | undefined;

  constructor(url: string, what: string, status?: number, cause?: unknown, retryAfterSeconds?: number) {
    super(`${url}: ${what}`, cause === undefined ? undefined : { cause });
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Whether what was asked for may have moved: nobody answered, or it is not there. Any other answer came from the right place. */
export function mayHaveMoved(cause: unknown): boolean {
  return !(cause instanceof DocumentError) || cause.status === undefined || cause.status === 404;
}

const MAX_BYTES = 65_536;
const TIMEOUT_MS = 5_000;

/** How a document is asked for, where that is not by a plain GET of JSON. */
export interface DocumentRequest {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** To the last byte. */
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  /** Whether an answer that somebody has kept is none. */
  readonly isUnkept?: boolean;
  /** Gives up before the time is over. */
  readonly signal?: AbortSignal;
}

/**
 * Fetches a JSON document: 200 alone counts, redirects are not followed, at most 64 KiB after decompression, at most 5 seconds to the last
 * byte. Rejects with `DocumentError`.
 */
export async function fetchDocument(fetch: Fetch, url: string, request: DocumentRequest = {}): Promise<FetchedDocument> {
  const { text, response } = await fetchText(fetch, url, { ...request, headers: { accept: 'application/json', ...request.headers } });
  try {
    return { body: JSON.parse(text), maxAgeSeconds: readMaxAge(response.headers) };
  } catch (cause) {
    throw new DocumentError(url, cause instanceof Error ? cause.message : 'is not JSON', undefined, cause);
  }
}

/** The same for a text of another type. */
export async function fetchText(
  fetch: Fetch,
  url: string,
  request: DocumentRequest = {},
): Promise<{ readonly text: string; readonly response: Response }> {
  const { method = 'GET', headers = {}, body, timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES, isUnkept = false, signal } = request;
  const timeout = abortAfter(timeoutMs);
  try {
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'error',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      ...(body === undefined ? {} : { body }),
      ...(isUnkept ? { cache: 'no-store' } : {}),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      const retryAfter = /^\d{1,6}$/.exec(response.headers.get('retry-after') ?? '')?.[0];
      const seconds = retryAfter === undefined ? undefined : Number(retryAfter);
      throw new DocumentError(url, `answered ${response.status}`, response.status, undefined, seconds);
    }
    return { text: utf8.decode(await readBytes(response, url, maxBytes)), response };
  } catch (cause) {
    if (cause instanceof DocumentError) throw cause;
    throw new DocumentError(url, cause instanceof Error ? cause.message : 'could not be fetched', undefined, cause);
  }
}

const utf8: TextDecoder = new TextDecoder('utf-8', { fatal: true });

async function readBytes(response: Response, url: string, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop early cancels the rest.
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw new DocumentError(url, `is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Seconds that an answer may be kept (RFC 9111 §5.2.2.1 less §5.1); 0 where not at all; undefined where nothing is said. */
export function readMaxAge(headers: Headers): number | undefined {
  const directives = (headers.get('cache-control') ?? '').toLowerCase().split(',', 20);
  const named = directives.map((directive) => directive.trim());
  if (named.includes('no-store') || named.includes('no-cache')) return 0;
  const maxAge = named.map((directive) => /^max-age="?(\d{1,10})"?$/.exec(directive)?.[1]).find((seconds) => seconds !== undefined);
  if (maxAge === undefined) return undefined;
  const age = /^\d{1,10}$/.exec(headers.get('age') ?? '')?.[0] ?? '0';
  return Math.max(0, Number(maxAge) - Number(age));
}
