import type { ReadJwt } from '@hufu/protocol/jwt';
import type { Context } from '../context.ts';
import { signingAlgorithms } from '../keys/algorithms.ts';
import { type KeySource, lookForKeys } from './client-jwks.ts';

/**
 * Why a JWT is not signed with a key of that source (RFC 7515 §5.2), for decision records; undefined where it is. Only the source's own keys count:
 * what the header brings or points to is never looked at (attacks JWT-08, JWT-09).
 *
 * @param owner whose keys they are, as a sentence about them begins.
 */
export async function findSignatureFault(
  ctx: Context,
  source: KeySource,
  owner: string,
  { header, signingInput, signature }: ReadJwt,
  now: number,
): Promise<string | undefined> {
  const { alg, kid } = header;
  const algorithm = signingAlgorithms.get(alg);
  if (algorithm === undefined) return `${alg.slice(0, 20)} is not supported here`;
  if (kid !== undefined && typeof kid !== 'string') return 'its kid is not a text';
  const { keys, reason } = await lookForKeys(ctx, source, { kid, alg }, now);
  if (keys.length === 0) return `${owner} ${reason}`;
  return keys.some((key) => algorithm.verify(signingInput, signature, key)) ? undefined : 'its signature is wrong';
}
