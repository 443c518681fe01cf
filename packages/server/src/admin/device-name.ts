import { MAX_ID } from '@hufu/protocol/ids';
import type { Context } from '../context.ts';

/** A device as the admin API names it: permuted, so that it says nothing of how many there are. */
export function deviceName(ctx: Pick<Context, 'keys'>, id: number): string {
  return ctx.keys.tally.permutation.permute(id).toString(36);
}

/** The device that a name means, whether or not there is one; undefined for what is none. */
export function readDeviceName(ctx: Pick<Context, 'keys'>, name: string): number | undefined {
  const permuted = /^[0-9a-z]{1,10}$/.test(name) ? Number.parseInt(name, 36) : MAX_ID + 1;
  if (permuted > MAX_ID || permuted.toString(36) !== name) return undefined;
  const id = ctx.keys.tally.permutation.restore(permuted);
  return id === 0 ? undefined : id;
}
