/** A program that proves itself with a key of its own (private_key_jwt), and changes that key without telling anybody. */
import { createServer } from 'node:http';
import * as oidc from 'openid-client';

const ISSUER = process.env.ISSUER ?? 'http://localhost:4400';
const PORT = Number(process.env.PORT ?? 3002);

/** What it signs with. In earnest it is made once, and kept where the program alone can use it. */
interface OwnKey {
  readonly kid: string;
  readonly key: CryptoKey;
  readonly jwk: object;
}

const first = await makeKey('first');
const second = await makeKey('second');

/** The public halves, for whoever asks: no secret is among them. */
let served: readonly OwnKey[] = [first];
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/jwk-set+json', 'cache-control': 'max-age=600' });
  response.end(JSON.stringify({ keys: served.map(({ jwk }) => jwk) }));
});
await new Promise<void>((listening) => server.listen(PORT, 'localhost', listening));
console.log(`The keys are at http://localhost:${PORT}/jwks`);

console.log(`With the first key:              ${await tokenWith(oidc.PrivateKeyJwt(first))}`);

// The next key is there before it is used. Hufu does not know its kid, and looks again at once.
served = [first, second];
console.log(`With the second, just published: ${await tokenWith(oidc.PrivateKeyJwt(second))}`);

const stranger = await makeKey('second');
console.log(`With a key of somebody else:     ${await tokenWith(oidc.PrivateKeyJwt(stranger))}`);

const overheard = sameAgain(oidc.PrivateKeyJwt(second));
console.log(`An assertion:                    ${await tokenWith(overheard)}`);
console.log(`The same one by a thief:         ${await tokenWith(overheard)}`);

server.close();
server.closeAllConnections();

async function tokenWith(proof: oidc.ClientAuth): Promise<string> {
  const options = new URL(ISSUER).hostname === 'localhost' ? { execute: [oidc.allowInsecureRequests] } : {};
  const hufu = await oidc.discovery(new URL(ISSUER), 'courier', undefined, proof, options);
  try {
    const answer = await oidc.clientCredentialsGrant(hufu);
    return `a token, good for ${answer.expires_in} seconds, scope ${answer.scope}`;
  } catch (error) {
    if (!(error instanceof oidc.WWWAuthenticateChallengeError)) throw error;
    return `${error.status}; npx hufu why ${error.response.headers.get('hufu-decision')}`;
  }
}

async function makeKey(kid: string): Promise<OwnKey> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  return { kid, key: privateKey, jwk: { ...(await crypto.subtle.exportKey('jwk', publicKey)), kid, use: 'sig' } };
}

/** Sends what it sent the first time: what somebody could do who has overheard it. */
function sameAgain(proof: oidc.ClientAuth): oidc.ClientAuth {
  let sent: URLSearchParams | undefined;
  return async (server, client, body, headers) => {
    await proof(server, client, body, headers);
    sent ??= new URLSearchParams(body);
    for (const [name, value] of sent) body.set(name, value);
  };
}
