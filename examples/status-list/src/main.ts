/** Whether the grant of a JWT is still there, by the issuer's status list: node --conditions=source examples/status-list/src/main.ts <issuer> <token> */
import { inflateSync } from 'node:zlib';
import { createRemoteJWKSet, jwtVerify } from 'jose';

const STATUSES = ['valid', 'invalid', 'suspended'];
/** Bytes of a list of two bits for 2^20 grants; nobody is let send more. */
const MAX_LIST = 2 ** 18;

const [issuer = '', token = ''] = process.argv.slice(2);
const keys = createRemoteJWKSet(new URL(`${issuer}/oauth/jwks`));

// First the token itself, as any API does: what stands in it is worth nothing before.
const { payload } = await jwtVerify(token, keys, { issuer, typ: 'at+jwt' });
const { idx, uri } = readReference(payload['status']);

// The list is fetched from the issuer alone, whatever a token says.
if (!uri.startsWith(`${issuer}/oauth/status/`)) throw new Error(`a list somewhere else: ${uri}`);
const reply = await fetch(uri, { redirect: 'error', headers: { accept: 'application/statuslist+jwt' } });
if (!reply.ok) throw new Error(`no list: ${reply.status}`);
const list = await jwtVerify(await reply.text(), keys, { issuer, typ: 'statuslist+jwt', subject: uri, requiredClaims: ['iat', 'exp'] });
const { bits, bytes } = readList(list.payload['status_list']);

const at = idx * bits;
const byte = bytes[Math.floor(at / 8)];
if (byte === undefined) throw new Error(`the list has no place ${idx}`);
const status = (byte >> (at % 8)) & (2 ** bits - 1);
console.log(
  `${STATUSES[status] ?? status}, as of ${new Date((list.payload.iat ?? 0) * 1000).toISOString()}, for ${String(list.payload['ttl'])} seconds`,
);

function readReference(claim: unknown): { readonly idx: number; readonly uri: string } {
  const { idx, uri } = Object(Object(claim).status_list);
  if (!Number.isSafeInteger(idx) || idx < 0 || typeof uri !== 'string') throw new Error('the token names no status list');
  return { idx, uri };
}

function readList(claim: unknown): { readonly bits: number; readonly bytes: Uint8Array } {
  const { bits, lst } = Object(claim);
  if (![1, 2, 4, 8].includes(bits) || typeof lst !== 'string') throw new Error('not a status list');
  return { bits, bytes: inflateSync(Buffer.from(lst, 'base64url'), { maxOutputLength: MAX_LIST }) };
}
