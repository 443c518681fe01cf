import { hash } from 'node:crypto';
import type { Context } from '../context.ts';
import { faultOf } from './checkpoint.ts';

/** `faultOf` for checkpoints of this store, which says of one that is as it was what it said of it before: it depends on nothing else. Remembers the last thousands. */
export function knownFaults(ctx: Context): typeof faultOf {
  const faults = known.get(ctx) ?? new Map<string, string | undefined>();
  known.set(ctx, faults);
  return (checkpoint, trust) => {
    const { seq, hash: of, atMs, jws, jwk } = checkpoint;
    const key = hash('sha256', JSON.stringify([seq, of, atMs, jws, jwk]), 'base64url');
    if (faults.has(key)) return faults.get(key);
    const fault = faultOf(checkpoint, trust);
    const [oldest] = faults.keys();
    if (faults.size >= MAX_KNOWN && oldest !== undefined) faults.delete(oldest);
    faults.set(key, fault);
    return fault;
  };
}

const known = new WeakMap<Context, Map<string, string | undefined>>();

/** More than are looked at at once. */
const MAX_KNOWN = 4_096;
