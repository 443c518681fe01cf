import { PLACE_BITS } from '@hufu/protocol/tally-id';
import type { Context } from '../context.ts';

/** Grants of one status list. */
export const PLACES: number = 2 ** PLACE_BITS;

/** The last number that a list may have: ids have 48 bits. */
const MAX_LIST = 2 ** (48 - PLACE_BITS) - 1;

/** Where a grant stands in the Token Status List: its id, permuted (docs/decisions/0002). What the outside knows a grant by. */
export interface Place {
  readonly list: number;
  readonly index: number;
}

export function placeOf({ keys }: Pick<Context, 'keys'>, grant: number): Place {
  const permuted = keys.tally.permutation.permute(grant);
  return { list: Math.floor(permuted / PLACES), index: permuted % PLACES };
}

/** The id of the grant at a place. Every place has one; 0 is nobody's. */
export function grantAt(ctx: Context, { list, index }: Place): number {
  return ctx.keys.tally.permutation.restore(list * PLACES + index);
}

/** As the revocation feed and `lineage` name a grant. */
export function writePlace({ list, index }: Place): string {
  return `${list}/${index}`;
}

/** The place that a text names, its numbers in canonical decimal; undefined for anything else. */
export function readPlace(text: string): Place | undefined {
  const [list, index] = /^(\d{1,9})\/(\d{1,7})$/.exec(text)?.slice(1).map(readNumber) ?? [];
  return list === undefined || list > MAX_LIST || index === undefined || index >= PLACES ? undefined : { list, index };
}

/** The number of a list, in canonical decimal; undefined for anything else. */
export function readList(text: string): number | undefined {
  const list = /^\d{1,9}$/.test(text) ? readNumber(text) : undefined;
  return list === undefined || list > MAX_LIST ? undefined : list;
}

/** Where a status list is served, which is its name as well (Token Status List §5.1). */
export function statusUri(issuer: string, list: number): string {
  return `${issuer}/oauth/status/${list}`;
}

/** One text for one number: no list has two addresses. */
function readNumber(digits: string): number | undefined {
  return digits.length > 1 && digits.startsWith('0') ? undefined : Number(digits);
}
