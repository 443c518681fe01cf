import type { HttpReply, HttpRequest } from './http.ts';

export type Endpoint = (request: HttpRequest) => HttpReply | Promise<HttpReply>;

/** A path (`/*` at its end: all one step below it; `/**`: all below it that has no route of its own; `*` before the last part, also beside that: any one part there) with the methods it answers. Another method is 405 with `Allow`; another path 404. */
export interface Route {
  readonly path: string;
  readonly methods: Readonly<Partial<Record<'GET' | 'POST' | 'PUT' | 'DELETE', Endpoint>>>;
  /**
   * Which scripts on other origins may read the answer (Fetch §3.2), never with credentials. `any`: public documents. `client`: origins of
   * the client's redirect URIs. `none`: nobody's (RFC 9700 §2.6).
   */
  readonly crossOrigin: 'any' | 'client' | 'none';
  /** `answered`: the endpoint itself refuses an address that is too long, as it knows whom to tell. Otherwise it never sees one. */
  readonly longAddress?: 'answered';
  /** Its GETs may be answered late: they are told when whoever asked is gone. */
  readonly takesTime?: true;
}
