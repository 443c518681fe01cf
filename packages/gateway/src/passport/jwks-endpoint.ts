import type { OwnEndpoints } from '../pipeline.ts';
import { JWKS_MAX_AGE_SECONDS, type PassportRing } from './ring.ts';

/** Where services find the keys of Passports. */
export const PASSPORT_JWKS_PATH = '/edge/passport/jwks';

/** Serves the public keys (RFC 7517 §5), to whoever asks, at any host: they are no secret. */
export function jwksEndpoint(jwks: PassportRing['jwks']): OwnEndpoints {
  const body = Buffer.from(JSON.stringify(jwks));
  const headers = Object.entries({
    'content-type': 'application/jwk-set+json',
    'content-length': String(body.length),
    'cache-control': `public, max-age=${JWKS_MAX_AGE_SECONDS}`,
    'x-content-type-options': 'nosniff',
  }).flat();
  return {
    takes: ({ path }) => path === PASSPORT_JWKS_PATH,
    answer(request, response) {
      request.resume();
      if (request.method === 'GET' || request.method === 'HEAD')
        response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : body);
      else response.writeHead(405, ['allow', 'GET, HEAD', 'content-length', '0']).end();
    },
  };
}
