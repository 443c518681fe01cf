import { readJwt } from '@hufu/protocol/jwt';
import { REVOCATIONS_TYPE } from '@hufu/protocol/revocation-batch';
import type { Context } from '../context.ts';
import type { Hub } from './hub.ts';

/** Whether this is a batch of ours, of the present log, that tells of a later end than there is: then the store has gone back since. */
export function tellsOfMore(ctx: Context, jws: string, { epoch, head }: Pick<Hub, 'epoch' | 'head'>): boolean {
  const jwt = readJwt(jws, jws.length);
  if (jwt === undefined || jwt.header['typ'] !== REVOCATIONS_TYPE) return false;
  const key = ctx.keys.verifierFor(String(jwt.header['kid']), Math.floor(ctx.clock.nowMs() / 1000));
  if (key?.verify(jwt.signingInput, jwt.signature) !== true) return false;
  const { iss, epoch: theirs, head: end } = jwt.payload;
  return iss === ctx.issuer && theirs === epoch && typeof end === 'number' && end > head;
}
