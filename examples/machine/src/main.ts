/** A daemon: gets its tokens by client credentials (RFC 6749 §4.4), uses each until shortly before its end, and calls the API. */
import { createClient } from '@hufu/client/client';
import { clientSecretBasic } from '@hufu/client/client-secret';
import { byClientCredentials } from '@hufu/client/grants';
import { createRenewer, type Obtain } from '@hufu/client/renewer';
import { sessionFetch } from '@hufu/client/session/session-fetch';
import { TokenSession } from '@hufu/client/session/token-session';
import { memoryPlace } from '@hufu/client/storage/memory';

const issuer = process.env.ISSUER ?? 'http://localhost:4400';
const API_URL = process.env.API_URL ?? 'http://localhost:3001';
const clientId = 'night-watch';
const client = createClient({
  issuer,
  clientId,
  authentication: clientSecretBasic(process.env.NIGHT_WATCH_SECRET ?? 'for-this-machine-only-make-your-own'),
});

/** Whenever there has to be a new token, and only once for however many who wait for it. */
const obtain: Obtain = async (_, wish) => {
  const answer = await byClientCredentials(client, wish);
  console.log(`a new token for ${wish.resource}, good for ${answer.body['expires_in']} seconds, scope ${answer.body['scope']}`);
  return answer;
};
const session = new TokenSession({ issuer, clientId, place: memoryPlace(), renewer: createRenewer(client, obtain) });

async function call(path: string, scope: string): Promise<void> {
  const resource = `${API_URL}${path}`;
  // With a token for this API; where the API does not take it any more, once more with a new one.
  const response = await sessionFetch(session, { audiences: [{ origin: new URL(API_URL).origin, resource, scopes: [scope] }] })(resource);
  console.log(`GET ${path} ${response.status} ${await response.text()}`);
}

await call('/notes', 'notes:read');
await call('/notes', 'notes:read');
await call('/files', 'files:read');
