/** A service account: a program with a key pair of its own and no secret, which signs for itself (RFC 7523 §2.1). */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createClient } from '@hufu/client/client';
import { byServiceAccount } from '@hufu/client/grants';
import { readSigningKey } from '@hufu/client/private-key';
import { createRenewer } from '@hufu/client/renewer';
import { TokenSession } from '@hufu/client/session/token-session';
import { memoryPlace } from '@hufu/client/storage/memory';

const issuer = process.env.ISSUER ?? 'http://localhost:4400';
const PORT = Number(process.env.PORT ?? 3002);
const KEY_FILE = process.env.KEY_FILE ?? 'night-robot.jwk.json';
const name = 'night-robot';

const jwk = await readOrMakeKey();

/** The public half, for whoever asks. */
const { kty, crv, x, y, kid, alg } = jwk;
const server = createServer((_, response) => {
  response
    .writeHead(200, { 'content-type': 'application/jwk-set+json' })
    .end(JSON.stringify({ keys: [{ kty, crv, x, y, kid, alg, use: 'sig' }] }));
});
await new Promise<void>((listening) => server.listen(PORT, 'localhost', listening));

const client = createClient({ issuer, clientId: name });
const renewer = createRenewer(client, byServiceAccount({ name, key: await readSigningKey(jwk) }));
const session = new TokenSession({ issuer, clientId: name, place: memoryPlace(), renewer, scopes: ['letters:read'] });

const { token, expiresAt = 0 } = await session.accessToken();
const again = await session.accessToken();
console.log(`a token for ${name}, good for ${Math.round((expiresAt - Date.now()) / 1000)} seconds`);
console.log(again.token === token ? 'and the same again, as it still holds' : 'and another one');
server.close();
server.closeAllConnections();

async function readOrMakeKey(): Promise<JsonWebKey & { readonly kid: string }> {
  try {
    return JSON.parse(await readFile(KEY_FILE, 'utf8'));
  } catch {
    const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const made = { ...(await crypto.subtle.exportKey('jwk', privateKey)), kid: crypto.randomUUID(), alg: 'ES256' };
    await writeFile(KEY_FILE, JSON.stringify(made), { mode: 0o600, flag: 'wx' });
    return made;
  }
}
