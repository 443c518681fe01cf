/** A client with a key, an API that looks at proofs, and a thief with a token: node --conditions=source examples/dpop/src/main.ts <issuer> */
import { createServer } from 'node:http';
import { withToken } from '@hufu/resource/node-http';
import { protect } from '@hufu/resource/protect';
import { verifier } from '@hufu/resource/verifier';
import * as client from 'openid-client';

const [issuer = 'http://localhost:4400'] = process.argv.slice(2);

// The API. Where it is reached it says itself: what a proof is compared with comes from no header.
const api = createServer();
await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
const address = api.address();
const baseUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
const tokens = verifier({ issuer, audience: 'http://localhost:3001/letters' });
const protection = protect(tokens, { scope: 'letters:read', baseUrl });
api.on(
  'request',
  withToken(protection, (_request, response, token) => void response.end(`a letter for ${token.clientId}`)),
);

// The client. Its key is made here, and stays here.
const secret = process.env['COURIER_SECRET'] ?? 'for-this-machine-only-make-another';
const config = await client.discovery(new URL(issuer), 'courier', undefined, client.ClientSecretBasic(secret), {
  execute: [client.allowInsecureRequests],
});
const handle = async (): Promise<client.DPoPHandle> => client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
const DPoP = await handle();
const { access_token: token, token_type: type } = await client.clientCredentialsGrant(config, { scope: 'letters:read' }, { DPoP });
console.log(`The token is of the type ${type}`);

const letters = new URL(`${baseUrl}/letters`);
const reply = await client.fetchProtectedResource(config, token, letters, 'GET', undefined, undefined, { DPoP });
console.log(`With a proof of its key:      ${reply.status} ${await reply.text()}`);

// The thief has the token, and not the key.
const stolen = await fetch(letters, { headers: { authorization: `Bearer ${token}` } });
console.log(`The token alone:              ${stolen.status} ${stolen.headers.get('www-authenticate')?.split(',')[0]}`);
const thief = await handle();
const refusal = await client.fetchProtectedResource(config, token, letters, 'GET', undefined, undefined, { DPoP: thief }).catch(refusalOf);
console.log(`With a proof of another key:  ${refusal.status} ${refusal.headers.get('www-authenticate')?.split(',')[0]}`);
const bare = await client.clientCredentialsGrant(config, { scope: 'letters:read' }).catch((error: unknown) => error);
console.log(`Asked for without a proof:    ${bare instanceof client.ResponseBodyError ? bare.error : 'a token'}`);
api.close();

function refusalOf(error: unknown): Response {
  if (error instanceof client.WWWAuthenticateChallengeError) return error.response;
  throw error;
}
