import type { X509Certificate } from 'node:crypto';

/** Characters of a path with its query; what is longer is 414 (attacks HTP-01). */
export const MAX_ADDRESS: number = 8_192;

/** The certificate that a client has shown (RFC 8705), on its connection or to a proxy that is trusted to tell. */
export interface ClientCertificate {
  readonly x509: X509Certificate;
  /** SHA-256 of its DER, base64url (`x5t#S256`, RFC 8705 §3.1). */
  readonly thumbprint: string;
  /**
   * Where one of the configured authorities stands behind it (RFC 8705 §2.1): the certificates whose dates have to hold when it is used. Undefined: nobody
   * we know does.
   */
  readonly chain: readonly X509Certificate[] | undefined;
}

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
  /** The client's certificate; not there where certificates are not asked for. Read when somebody asks. */
  readonly certificate?: (() => ClientCertificate | undefined) | undefined;
  /** The coarse place that a request comes from, where a source of places is configured. Looked up when somebody asks. */
  readonly place?: (() => string | undefined) | undefined;
  /** Calls `act` when whoever sent it is gone before the answer. There at routes whose answers may take their time. */
  readonly whenGone?: ((act: () => void) => void) | undefined;
  /** Milliseconds since 1970, read once as the request came in. */
  readonly nowMs: number;
}

/** A reply as a plain value. What concerns every reply (lengths, security headers, CORS) is added by `send-reply.ts`. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** '' where there is a `stream`. */
  readonly body: string | Uint8Array;
  /** Writes the body for as long as it likes, once the headers are sent. */
  readonly stream?: (body: BodyStream) => void;
  /** Origins whose scripts may read the reply, where the route leaves that to the client (attacks TOK-24). */
  readonly origins?: readonly string[];
}

/** A body without an end of its own. */
export interface BodyStream {
  /** Whether there is room for more; where not, `onRoom` comes once there is. */
  write(text: string): boolean;
  /** Called each time that what was written has gone out after there was no room. */
  onRoom(act: () => void): void;
  /** Called once the other side is gone, or the stream has ended. */
  onClose(act: () => void): void;
  /** Ends it after what was written. */
  end(): void;
  /** Ends it at once: what was not taken is lost. */
  cut(): void;
}
