/** Protection by introspection (RFC 7662): every request asks Hufu, so a token that was revoked is refused at once. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as oidc from 'openid-client';

export interface Asked {
  readonly issuer: string;
  /** Who we are: the token has to be for us. */
  readonly audience: string;
  readonly scope: string;
}

type Listener = (request: IncomingMessage, response: ServerResponse, token: oidc.IntrospectionResponse) => void;

const SECRET = process.env.NOTES_API_SECRET ?? 'for-this-machine-only-make-another';

/** Answers 401 and 403 as RFC 6750 §3 has it, 503 where Hufu cannot be asked: the token may be good, so nobody must throw it away. */
export function askHufu(asked: Asked, listener: Listener): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  let discovered: Promise<oidc.Configuration> | undefined;
  const hufu = (): Promise<oidc.Configuration> => {
    discovered ??= discover(asked.issuer).catch((error: unknown) => {
      discovered = undefined;
      throw error;
    });
    return discovered;
  };

  return async (request, response) => {
    const token = /^Bearer +([\w.~+/=-]+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) return refuse(response, 401, 'Bearer');
    let found: oidc.IntrospectionResponse;
    try {
      found = await oidc.tokenIntrospection(await hufu(), token);
    } catch (error) {
      console.error(error);
      response.writeHead(503, { 'retry-after': '5' }).end();
      return;
    }
    const audience = [found.aud ?? []].flat();
    if (!found.active || !audience.includes(asked.audience)) return refuse(response, 401, 'Bearer error="invalid_token"');
    if (!(found.scope ?? '').split(' ').includes(asked.scope)) {
      return refuse(response, 403, `Bearer error="insufficient_scope", scope="${asked.scope}"`);
    }
    listener(request, response, found);
  };
}

function discover(issuer: string): Promise<oidc.Configuration> {
  const options = new URL(issuer).hostname === 'localhost' ? { execute: [oidc.allowInsecureRequests] } : {};
  return oidc.discovery(new URL(issuer), 'notes-api', SECRET, oidc.ClientSecretBasic(SECRET), options);
}

function refuse(response: ServerResponse, status: number, challenge: string): void {
  response.writeHead(status, { 'www-authenticate': challenge, 'cache-control': 'no-store' }).end();
}
