import { readJwtPart } from '@hufu/protocol/jwt';
import type { Sender } from './sender.ts';
import type { Soon } from './soon.ts';
import { refuse, type Verification } from './verification.ts';
import type { Verifier } from './verifier.ts';
import { verifySoonOf, withVerifySoon } from './verify-soon.ts';

/**
 * One verifier out of those of several issuers, for the same resource: a JWT goes to the one of its `iss`, and is verified by nobody else's keys (RFC 8725 §3.8). A token
 * that does not say who issued it goes to `opaque`; left out, it is refused. They share one `nonces`, where they want any.
 *
 * @throws {TypeError} without verifiers, for two of one issuer, and where they are for different resources.
 */
export function anyIssuer(verifiers: readonly Verifier[], opaque?: Verifier): Verifier {
  const [first] = verifiers;
  if (first === undefined) throw new TypeError('there is no verifier');
  const byIssuer = new Map(verifiers.map((one) => [one.issuer, verifySoonOf(one)]));
  if (byIssuer.size < verifiers.length) throw new TypeError('two verifiers are of one issuer');
  for (const { audience } of opaque === undefined ? verifiers : [...verifiers, opaque]) {
    if (audience !== first.audience) throw new TypeError('the verifiers are for different resources');
  }

  const ofOpaque = opaque === undefined ? undefined : verifySoonOf(opaque);
  const verifySoon = (token: string, sender?: Sender): Soon<Verification> => {
    if (typeof token !== 'string') throw new TypeError('a token is a text');
    const parts = token.length > MAX_LENGTH ? [] : token.split('.', 4);
    const payload = parts.length === 3 ? readJwtPart(parts[1] ?? '') : undefined;
    if (payload === undefined) return ofOpaque?.(token, sender) ?? refuse('malformed');
    const { iss } = payload;
    const chosen = typeof iss === 'string' ? byIssuer.get(iss) : undefined;
    return chosen?.(token, sender) ?? refuse('wrong_issuer', { detail: (JSON.stringify(iss) ?? 'missing').slice(0, 200) });
  };

  const { issuer, audience } = first;
  return withVerifySoon({ issuer, audience, nonce: () => first.nonce(), nowSeconds: () => first.nowSeconds() }, verifySoon);
}

const MAX_LENGTH = 16_384;
