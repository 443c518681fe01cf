import { CompactEncrypt, generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { authorizationRequest, type Desk } from './desk.ts';
import { changed, type Parameters, parameters } from './parameters.ts';
import { type DifferentialRequest, request } from './request.ts';
import { redirectUriOf } from './world.ts';

const SIGNER = authorizationRequest('signer');
/** The private key of nobody. */
const FOREIGN = await generateKeyPair('ES256');
const ELSEWHERE = await generateKeyPair('RSA-OAEP-256');

type Claims = Readonly<Record<string, unknown>>;

/** Request objects by value (RFC 9101, OpenID Connect Core §6.1), good and bad, of a client that registered ES256 and its key. */
export const requestObjectRequests: readonly DifferentialRequest[] = [
  sent('a good one', {}),
  sent('a good one, and only client_id outside', {}, { outside: parameters({ client_id: 'signer' }) }),
  sent('its state and nonce are other ones than outside', { state: 'inner', nonce: 'inner' }),
  sent('its redirect_uri is another registered one', { redirect_uri: redirectUriOf('signer') }),
  sent('its redirect_uri is not registered', { redirect_uri: 'https://evil.example/cb' }),
  sent('its response_type is another one', { response_type: 'id_token' }),
  sent('its client_id is another one', { client_id: 'web' }),
  sent('its iss is another client', { iss: 'web' }),
  sent('no iss', { iss: undefined }),
  sent('its aud is another server', { aud: 'https://other.example' }),
  sent('no aud', { aud: undefined }),
  sent('its aud is a list with this server in it', {}, { audience: 'list' }),
  sent('it has expired', { exp: 1_000_000_000 }),
  sent('no exp', { exp: undefined }),
  sent('its exp is a text', { exp: 'soon' }),
  sent('it is not valid yet', { nbf: 4_000_000_000 }),
  sent('its iat is in the future', { iat: 4_000_000_000 }),
  sent('it holds another one', { request: 'x' }),
  sent('it holds a request_uri', { request_uri: 'https://signer.example/r' }),
  sent('its sub is the client', { sub: 'signer' }),
  sent('prompt none in it', { prompt: 'none' }),
  sent('max_age as a number in it', { max_age: 10_000 }),
  sent('claims as an object in it', { claims: { id_token: { name: null } } }),
  sent('scope missing in it', { scope: undefined }),
  sent('an unknown scope in it', { scope: 'openid unknown' }),
  sent('code_challenge missing in it', { code_challenge: undefined }),
  sent('an unknown member in it', { extra: 'foobar' }),
  sent('its typ is oauth-authz-req+jwt', {}, { typ: 'oauth-authz-req+jwt' }),
  sent('its typ is another kind of JWT', {}, { typ: 'at+jwt' }),
  sent('a foreign key signed it', {}, { key: FOREIGN.privateKey }),
  sent('it is unsigned', {}, { unsigned: true }),
  sent('it is unsigned, of a client that registered nothing', {}, { unsigned: true, clientId: 'web' }),
  ...['', 'x', 'a.b.c', 'eyJhbGciOiJFUzI1NiJ9.e30.', 'x'.repeat(3_000)].map((text) =>
    request(`request object: ${JSON.stringify(text.slice(0, 24))}`, (desk) => desk.authorize(changed(SIGNER, { request: text }))),
  ),
  request('request object: changed after it was signed', async (desk) => {
    const [header = '', payload = '', signature = ''] = (await sign(desk, {}, {})).split('.');
    return desk.authorize(
      changed(SIGNER, { request: `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}` }),
    );
  }),
  request('request object: twice', async (desk) => {
    const text = await sign(desk, {}, {});
    return desk.authorize([...SIGNER, ['request', text], ['request', text]]);
  }),
  ...['A256GCM', 'A128CBC-HS256'].map((enc) =>
    request(`request object: encrypted to the server with ${enc}`, async (desk) => {
      const { kid, key } = await encryptionKey(desk);
      return desk.authorize(changed(SIGNER, { request: await encrypt(await sign(desk, {}, {}), key, enc, kid) }));
    }),
  ),
  request('request object: encrypted to somebody else', async (desk) =>
    desk.authorize(changed(SIGNER, { request: await encrypt(await sign(desk, {}, {}), ELSEWHERE.publicKey, 'A256GCM', 'elsewhere') })),
  ),
  request('request object: encrypted, and not signed', async (desk) => {
    const { kid, key } = await encryptionKey(desk);
    return desk.authorize(changed(SIGNER, { request: await encrypt(await sign(desk, {}, { unsigned: true }), key, 'A256GCM', kid) }));
  }),
  request('request object: encrypted, and a signed one of somebody else', async (desk) => {
    const { kid, key } = await encryptionKey(desk);
    return desk.authorize(
      changed(SIGNER, { request: await encrypt(await sign(desk, {}, { key: FOREIGN.privateKey }), key, 'A256GCM', kid) }),
    );
  }),
  request('request object and request_uri', async (desk) =>
    desk.authorize(changed(SIGNER, { request: await sign(desk, {}, {}), request_uri: 'https://signer.example/r' })),
  ),
  request('request_uri that is not registered', (desk) => desk.authorize(changed(SIGNER, { request_uri: 'https://signer.example/r' }))),
  request('request_uri of a foreign scheme', (desk) => desk.authorize(changed(SIGNER, { request_uri: 'file:///etc/passwd' }))),
  request('request_uri as pushed requests have it', (desk) =>
    desk.authorize(changed(SIGNER, { request_uri: 'urn:ietf:params:oauth:request_uri:unknown' })),
  ),
];

interface Odd {
  readonly outside?: Parameters;
  readonly clientId?: string;
  readonly typ?: string;
  readonly key?: CryptoKey;
  readonly unsigned?: true;
  readonly audience?: 'list';
}

function sent(id: string, claims: Claims, odd: Odd = {}): DifferentialRequest {
  return request(`request object: ${id}`, async (desk) => {
    const outside = odd.outside ?? authorizationRequest(odd.clientId ?? 'signer');
    return desk.authorize([...outside, ['request', await sign(desk, claims, odd)]]);
  });
}

async function sign(desk: Desk, claims: Claims, odd: Odd): Promise<string> {
  const { clientId = 'signer', typ, key = desk.world.keys['signer'], unsigned, audience } = odd;
  const now = Math.floor(Date.now() / 1000);
  const payload: JWTPayload = {
    ...Object.fromEntries(authorizationRequest(clientId)),
    iss: clientId,
    aud: audience === 'list' ? ['https://other.example', desk.side.issuer] : desk.side.issuer,
    exp: now + 300,
    iat: now,
    ...claims,
  };
  for (const [name, value] of Object.entries(claims)) if (value === undefined) delete payload[name];
  if (unsigned === true) return new UnsecuredJWT(payload).encode();
  if (key === undefined) throw new TypeError('no key');
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'client-sig', ...(typ === undefined ? {} : { typ }) }).sign(key);
}

/** The server's RSA key to encrypt to, out of its own keys. */
async function encryptionKey(desk: Desk): Promise<{ readonly kid: string; readonly key: CryptoKey }> {
  const { body } = await desk.fetch('/oauth/jwks');
  const keys: readonly JWK[] = Array.isArray(body['keys']) ? body['keys'] : [];
  const jwk = keys.find(({ use, kty }) => use === 'enc' && kty === 'RSA');
  const key = jwk === undefined ? undefined : await importJWK(jwk, 'RSA-OAEP-256');
  if (!(key instanceof CryptoKey)) throw new TypeError('no key to encrypt to');
  return { kid: jwk?.kid ?? '', key };
}

function encrypt(text: string, key: CryptoKey, enc: string, kid: string): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(text)).setProtectedHeader({ alg: 'RSA-OAEP-256', enc, kid, cty: 'JWT' }).encrypt(key);
}
