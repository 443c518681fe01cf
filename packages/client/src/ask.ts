import { ClientError } from './client-error.ts';
import { printable } from './printable.ts';

/** What fetches: the global `fetch`, or something that behaves like it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** An answer that was read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The members of a JSON object; undefined where the answer is none, or does not say that it is. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

const MAX_BYTES = 1_048_576;
const TIMEOUT_MS = 20_000;
const MAX_RETRY_AFTER = 300;

/**
 * Sends one request to the authorization server: redirects are not followed, no cookies go along unless the caller asks for it, nothing is kept,
 * and at most 1 MiB in 20 seconds is read. Throws `ClientError` `unreachable` where no whole answer came, and `malformed` for one that is too long.
 */
export async function ask(fetch: Fetch, url: string, init: RequestInit, signal?: AbortSignal): Promise<Answer> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const headers = new Headers(init.headers);
  headers.set('accept', 'application/json');
  try {
    const response = await fetch(url, {
      ...init,
      headers,
      redirect: 'error',
      credentials: init.credentials ?? 'omit',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    const text = await readText(response);
    return { status: response.status, headers: response.headers, body: isJson(response.headers) ? readObject(text) : undefined };
  } catch (cause) {
    if (cause instanceof ClientError) throw cause;
    signal?.throwIfAborted();
    throw new ClientError('unreachable', timeout.aborted ? 'timeout' : 'network', `${new URL(url).origin} does not answer`, { cause });
  }
}

/** What an answer other than the expected one means (RFC 6749 §5.2): `unavailable`, `refused`, or `malformed` where it says nothing. */
export function refusal({ status, headers, body }: Answer, what: string): ClientError {
  const code = printable(body?.['error'], 64);
  const description = printable(body?.['error_description'], 300);
  const away = status === 429 || status >= 500;
  const said = code === undefined ? `answered ${status}` : `says ${description === undefined ? code : `${code}: ${description}`}`;
  return new ClientError(
    away ? 'unavailable' : code === undefined ? 'malformed' : 'refused',
    code ?? `status_${status}`,
    `${what} ${said}`,
    {
      status,
      description,
      retryAfterSeconds: readRetryAfter(headers),
      decision: /^[0-9A-Z]{18}$/.exec(headers.get('hufu-decision') ?? '')?.[0],
    },
  );
}

/** An answer that the specification does not know. */
export function malformed(what: string, status?: number): ClientError {
  return new ClientError('malformed', 'malformed', what, { status });
}

async function readText(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > MAX_BYTES) {
      // Nobody waits for the end of what is too long.
      reader.cancel().catch(() => undefined);
      throw malformed(`an answer of more than ${MAX_BYTES} bytes`, response.status);
    }
    text += decoder.decode(value, { stream: true });
  }
  return text + decoder.decode();
}

function isJson(headers: Headers): boolean {
  return /^application\/([\w.-]+\+)?json *(;|$)/i.test(headers.get('content-type') ?? '');
}

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object(value) : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 9110 §10.2.3, as seconds; a date is not worth a second clock. */
function readRetryAfter(headers: Headers): number | undefined {
  const text = headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(text) ? Math.min(Number(text), MAX_RETRY_AFTER) : undefined;
}
