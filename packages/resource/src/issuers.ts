import { readJwtPart } from '@hufu/protocol/jwt';
import { refuse } from './verification.ts';
import type { Verifier } from './verifier.ts';

/**
 * One verifier out of those of several issuers, for the same resource: a JWT goes to the one of its `iss`, and is verified by nobody else's keys (RFC 8725 §3.8). A token
 * that does not say who issued it goes to `opaque`; left out, it is refused. They share one `nonces`, where they want any.
 *
 * @throws {TypeError} without verifiers, for two of one issuer, and where they are for different resources.
 */
export function anyIssuer(verifiers: readonly Verifier[], opaque?: Verifier): Verifier {
  const [first] = verifiers;
  if (first === undefined) throw new TypeError('there is no verifier');
  const byIssuer = new Map(verifiers.map((one) => [one.issuer, one]));
  if (byIssuer.size < verifiers.length) throw new TypeError('two verifiers are of one issuer');
  for (const { audience } of opaque === undefined ? verifiers : [...verifiers, opaque]) {
    if (audience !== first.audience) throw new TypeError('the verifiers are for different resources');
  }
  return {
    issuer: first.issuer,
    audience: first.audience,
    verify(token, sender) {
      if (typeof token !== 'string') return Promise.reject(new TypeError('a token is a text'));
      const parts = token.length > MAX_LENGTH ? [] : token.split('.', 4);
      const payload = parts.length === 3 ? readJwtPart(parts[1] ?? '') : undefined;
      if (payload === undefined) return opaque?.verify(token, sender) ?? Promise.resolve(refuse('malformed'));
      const { iss } = payload;
      const chosen = typeof iss === 'string' ? byIssuer.get(iss) : undefined;
      const detail = (JSON.stringify(iss) ?? 'missing').slice(0, 200);
      return chosen?.verify(token, sender) ?? Promise.resolve(refuse('wrong_issuer', { detail }));
    },
    nonce: () => first.nonce(),
    nowSeconds: () => first.nowSeconds(),
  };
}

const MAX_LENGTH = 16_384;
