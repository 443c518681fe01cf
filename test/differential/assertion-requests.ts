import { randomUUID } from 'node:crypto';
import { generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { basic, type Desk, exchangeRequest } from './desk.ts';
import type { Facts } from './facts.ts';
import { parameters } from './parameters.ts';
import { type DifferentialRequest, request } from './request.ts';
import { secretOf } from './world.ts';

const TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** The private key of nobody. */
const FOREIGN = await generateKeyPair('ES256');

interface Odd {
  readonly clientId?: 'keyed' | 'maced' | 'web';
  readonly claims?: (desk: Desk, now: number) => Readonly<Record<string, unknown>>;
  readonly key?: CryptoKey;
  readonly unsigned?: true;
  readonly type?: string;
  readonly typ?: string;
  /** With the secret, where the client has a key. */
  readonly maced?: true;
  readonly more?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Assertions of clients (RFC 7523 §3, OpenID Connect Core §9): with a key of their own and with their secret. */
export const assertionRequests: readonly DifferentialRequest[] = [
  ...(['keyed', 'maced'] as const).flatMap((clientId) => [
    proved(`${clientId}: a good one`, { clientId }),
    proved(`${clientId}: with client_id beside it`, { clientId, more: { client_id: clientId } }),
    proved(`${clientId}: aud is the token endpoint`, { clientId, claims: ({ side }) => ({ aud: `${side.issuer}/oauth/token` }) }),
    proved(`${clientId}: aud is a list of the issuer`, { clientId, claims: ({ side }) => ({ aud: [side.issuer] }) }),
    proved(`${clientId}: it has expired`, { clientId, claims: (_desk, now) => ({ exp: now - 60 }) }),
    proved(`${clientId}: another client's name`, { clientId, more: { client_id: 'web' } }),
    request(`assertion of ${clientId}: twice`, async (desk) => {
      const proof = await assertion(desk, { clientId });
      await ask(desk, clientId, proof, {});
      return ask(desk, clientId, proof, {});
    }),
  ]),
  proved('aud is another server', { claims: () => ({ aud: 'https://other.example' }) }),
  proved('aud is a list with another server in it', { claims: ({ side }) => ({ aud: [side.issuer, 'https://other.example'] }) }),
  proved('aud is the authorization endpoint', { claims: ({ side }) => ({ aud: `${side.issuer}/oauth/authorize` }) }),
  proved('no aud', { claims: () => ({ aud: undefined }) }),
  proved('no exp', { claims: () => ({ exp: undefined }) }),
  proved('exp is a year ahead', { claims: (_desk, now) => ({ exp: now + 31_536_000 }) }),
  proved('exp is a text', { claims: () => ({ exp: 'soon' }) }),
  proved('no jti', { claims: () => ({ jti: undefined }) }),
  proved('no iat', { claims: () => ({ iat: undefined }) }),
  proved('iat is 8 seconds ahead', { claims: (_desk, now) => ({ iat: now + 8 }) }),
  proved('iat is an hour ahead', { claims: (_desk, now) => ({ iat: now + 3_600, exp: now + 7_000 }) }),
  proved('nbf is an hour ahead', { claims: (_desk, now) => ({ nbf: now + 3_600, exp: now + 7_000 }) }),
  proved('no iss', { claims: () => ({ iss: undefined }) }),
  proved('no sub', { claims: () => ({ sub: undefined }) }),
  proved('iss is another client', { claims: () => ({ iss: 'web' }) }),
  proved('sub is another client', { claims: () => ({ sub: 'web' }) }),
  proved('both are another client', { claims: () => ({ iss: 'web', sub: 'web' }) }),
  proved('both are nobody', { claims: () => ({ iss: 'nobody', sub: 'nobody' }) }),
  proved('a foreign key', { key: FOREIGN.privateKey }),
  proved('unsigned', { unsigned: true }),
  proved('keyed with the secret of a client that has a key', { maced: true }),
  proved('typ is that of an access token', { typ: 'at+jwt' }),
  proved('another assertion type', { type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' }),
  proved('a secret beside it', { more: { client_secret: 'x' } }),
  proved('a header beside it', { headers: { authorization: basic('keyed', 'x') } }),
  proved('of a client with a secret alone', { clientId: 'web' }),
  ...['x', 'a.b.c', ''].map((text) => request(`assertion: ${JSON.stringify(text)}`, (desk) => ask(desk, 'keyed', text, {}))),
  request('assertion: the name alone', (desk) => desk.askAs('/oauth/token', 'keyed', [...CODE, ['client_id', 'keyed']])),
];

function proved(id: string, odd: Odd): DifferentialRequest {
  return request(`assertion: ${id}`, async (desk) => ask(desk, odd.clientId ?? 'keyed', await assertion(desk, odd), odd));
}

/** A code that is none: a proof that is right is told by the error that comes after it. */
const CODE = exchangeRequest('keyed', 'unknown');

async function ask(desk: Desk, clientId: string, proof: string, { type = TYPE, more = {}, headers = {} }: Odd): Promise<Facts> {
  const body = [...exchangeRequest(clientId, 'unknown'), ...parameters({ client_assertion: proof, client_assertion_type: type, ...more })];
  return desk.askAs('/oauth/token', clientId, body, headers);
}

async function assertion(desk: Desk, odd: Odd): Promise<string> {
  const { clientId = 'keyed', claims, unsigned, typ, maced } = odd;
  const now = Math.floor(Date.now() / 1000);
  const payload: JWTPayload = { iss: clientId, sub: clientId, aud: desk.side.issuer, exp: now + 60, iat: now, jti: randomUUID() };
  for (const [name, value] of Object.entries(claims?.(desk, now) ?? {})) {
    if (value === undefined) delete payload[name];
    else payload[name] = value;
  }
  if (unsigned === true) return new UnsecuredJWT(payload).encode();
  const keyed = clientId === 'keyed' && maced !== true;
  const key = odd.key ?? (keyed ? desk.world.keys['keyed'] : new TextEncoder().encode(secretOf(clientId)));
  if (key === undefined) throw new TypeError('no key');
  const header = keyed ? { alg: 'ES256', kid: 'client-sig' } : { alg: 'HS256' };
  return new SignJWT(payload).setProtectedHeader({ ...header, ...(typ === undefined ? {} : { typ }) }).sign(key);
}
