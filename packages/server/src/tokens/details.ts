import type { GrantRecord } from '@hufu/store/port';

/** Those of a grant's authorization details (RFC 9396 §2) that a token's 16 bits name, the first one in the highest; undefined where that is none. */
export function detailsOf(all: GrantRecord['authorizationDetails'], mask: number): GrantRecord['authorizationDetails'] {
  const some = all?.filter((_, at) => (mask & (0x8000 >>> at)) !== 0);
  return some === undefined || some.length === 0 ? undefined : some;
}
