/** Characters of a path with its query; what is longer is 414 (attacks HTP-01). */
export const MAX_ADDRESS: number = 8_192;

/** A request as a plain value: what endpoints see of HTTP. `serve.ts` makes it from the socket's bytes. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  /** Without the `?`; '' where there is none. */
  readonly query: string;
  /** Lower-case names, as Node joins them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Decoded as UTF-8; '' where there is none. */
  readonly body: string;
  /** The peer, or the client that a trusted proxy named. */
  readonly address: string;
  /** Milliseconds since 1970, read once as the request came in. */
  readonly nowMs: number;
}

/** A reply as a plain value. What concerns every reply (lengths, security headers, CORS) is added by `serve.ts`. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: string | Uint8Array;
  /** Origins whose scripts may read the reply, where the route leaves that to the client (attacks TOK-24). */
  readonly origins?: readonly string[];
}
