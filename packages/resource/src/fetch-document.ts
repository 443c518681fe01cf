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

  constructor(url: string, what: string, status?: number, cause?: unknown) {
    super(`${url}: ${what}`, cause === undefined ? undefined : { cause });
    this.status = status;
  }
}

const MAX_BYTES = 65_536;
const TIMEOUT_MS = 5_000;

/**
 * Fetches a JSON document: 200 alone counts, redirects are not followed, at most 64 KiB after decompression, at most 5 seconds to the last
 * byte. Rejects with `DocumentError`.
 */
export async function fetchDocument(fetch: Fetch, url: string, timeoutMs: number = TIMEOUT_MS): Promise<FetchedDocument> {
  try {
    const init: RequestInit = { headers: { accept: 'application/json' }, redirect: 'error', signal: abortAfter(timeoutMs) };
    const response = await fetch(url, init);
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new DocumentError(url, `answered ${response.status}`, response.status);
    }
    const body: unknown = JSON.parse(utf8.decode(await readBytes(response, url)));
    return { body, maxAgeSeconds: readMaxAge(response.headers) };
  } catch (cause) {
    if (cause instanceof DocumentError) throw cause;
    throw new DocumentError(url, cause instanceof Error ? cause.message : 'could not be fetched', undefined, cause);
  }
}

const utf8: TextDecoder = new TextDecoder('utf-8', { fatal: true });

async function readBytes(response: Response, url: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop early cancels the rest.
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_BYTES) throw new DocumentError(url, `is longer than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function readMaxAge(headers: Headers): number | undefined {
  const directives = (headers.get('cache-control') ?? '').toLowerCase().split(',', 20);
  const named = directives.map((directive) => directive.trim());
  if (named.includes('no-store') || named.includes('no-cache')) return 0;
  const maxAge = named.map((directive) => /^max-age="?(\d{1,10})"?$/.exec(directive)?.[1]).find((seconds) => seconds !== undefined);
  if (maxAge === undefined) return undefined;
  const age = /^\d{1,10}$/.exec(headers.get('age') ?? '')?.[0] ?? '0';
  return Math.max(0, Number(maxAge) - Number(age));
}
