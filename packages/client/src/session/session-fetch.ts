import { systemNowMs } from '../clock.ts';
import { type AudienceOptions, Audiences, type Verdict } from './audience.ts';
import type { TokenSession } from './token-session.ts';

export type SessionFetchOptions = Omit<AudienceOptions, 'nowMs'> & {
  /** What sends; the global `fetch`. */
  readonly fetch?: typeof fetch;
  readonly nowMs?: () => number;
};

/**
 * A `fetch` that shows the session's access token to the APIs that are named, and to nobody else; renews it where one of them says that it
 * is not good any more (RFC 6750 §3.1), and sends the request once more. A body that is a stream is sent once.
 *
 * The `fetch` rejects with `SessionError` where there is no token to send.
 */
export function sessionFetch(session: TokenSession, options: SessionFetchOptions): typeof fetch {
  const { fetch: send = globalThis.fetch, nowMs = systemNowMs, ...rest } = options;
  const audiences = new Audiences(session, { ...rest, nowMs });
  return async (input, init) => {
    const first = new Request(input, init);
    const audience = audiences.find(first.url);
    // What its caller has signed is left as it is.
    if (audience === undefined || first.headers.has('authorization')) return send(first);
    const isOnce = init?.body instanceof ReadableStream;
    const tried = new Set<Verdict['kind']>();
    let access = await audiences.token(audience, first.signal);
    for (let request = first; ; ) {
      const spare = isOnce ? undefined : request.clone();
      for (const [name, value] of Object.entries(await audiences.headers(request.method, request.url, access)))
        request.headers.set(name, value);
      const response = await send(request);
      // Whoever a redirect led to speaks for nobody else.
      if (response.redirected && audiences.find(response.url) !== audience) return response;
      const header = (name: string): string | null => response.headers.get(name);
      const verdict = await audiences.judge({ status: response.status, url: first.url, header }, audience, access, tried, first.signal);
      if (verdict.kind === 'take' || spare === undefined) return response;
      tried.add(verdict.kind);
      if (verdict.kind === 'again') access = verdict.access;
      await response.body?.cancel();
      request = spare;
    }
  };
}
