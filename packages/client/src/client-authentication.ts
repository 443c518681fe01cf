/** One request to an endpoint that wants to know the client. */
export interface AuthenticatedRequest {
  readonly issuer: string;
  readonly clientId: string;
  readonly parameters: URLSearchParams;
  readonly headers: Headers;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** How a client proves who it is (RFC 6749 §2.3). */
export interface ClientAuthentication {
  readonly method: string;
  /** Adds what proves it: called once for each request that is sent. */
  apply(request: AuthenticatedRequest): void | Promise<void>;
}

/** A public client: it says who it is and proves nothing (RFC 6749 §2.1). */
export function publicClient(): ClientAuthentication {
  return { method: 'none', apply: nameClient };
}

/** A certificate proves it (RFC 8705 §2): the client's `fetch` has to show it, and the server's `mtls_endpoint_aliases` are asked. */
export function tlsClientAuth(): ClientAuthentication {
  return { method: 'tls_client_auth', apply: nameClient };
}

function nameClient({ parameters, clientId }: AuthenticatedRequest): void {
  parameters.set('client_id', clientId);
}
