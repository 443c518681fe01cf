/** A program that acts for itself: gets a token by client credentials (RFC 6749 §4.4), keeps it as long as it is good, calls the API. */
import * as oidc from 'openid-client';

const ISSUER = process.env.ISSUER ?? 'http://localhost:4400';
const API_URL = process.env.API_URL ?? 'http://localhost:3001';
const SECRET = process.env.NIGHT_WATCH_SECRET ?? 'for-this-machine-only-make-your-own';
/** Milliseconds before its end at which a token is no longer used. */
const EARLY = 30_000;

const options = new URL(ISSUER).hostname === 'localhost' ? { execute: [oidc.allowInsecureRequests] } : {};
const hufu = await oidc.discovery(new URL(ISSUER), 'night-watch', SECRET, oidc.ClientSecretBasic(SECRET), options);

/** One token for each resource, until shortly before its end. */
const kept = new Map<string, { readonly token: string; readonly until: number }>();

async function tokenFor(resource: string, scope: string): Promise<string> {
  const there = kept.get(resource);
  if (there !== undefined && Date.now() < there.until) return there.token;
  const answer = await oidc.clientCredentialsGrant(hufu, { scope, resource });
  console.log(`a new token for ${resource}, good for ${answer.expires_in} seconds, scope ${answer.scope}`);
  kept.set(resource, { token: answer.access_token, until: Date.now() + (answer.expiresIn() ?? 0) * 1000 - EARLY });
  return answer.access_token;
}

async function call(path: string, scope: string): Promise<void> {
  const resource = `${API_URL}${path}`;
  const request = async (): Promise<Response> =>
    fetch(resource, { headers: { authorization: `Bearer ${await tokenFor(resource, scope)}` } });
  let response = await request();
  if (response.status === 401) {
    // Revoked, or its key is gone: once more with a new one, and then it is an error.
    kept.delete(resource);
    response = await request();
  }
  console.log(`GET ${path} ${response.status} ${await response.text()}`);
}

await call('/notes', 'notes:read');
await call('/notes', 'notes:read');
await call('/files', 'files:read');
