import type { OperationName } from '@hufu/protocol/admin/operations';
import type { Paging } from '@hufu/protocol/admin/shape';
import type { Context } from '../context.ts';
import { sha256 } from '../tokens/secrets.ts';
import { invalid } from './refusal.ts';

const USUAL_LIMIT = 50;

/** A page of a list: where it begins, and how the next one does. */
export interface PageOf {
  readonly limit: number;
  /** What the last item of the page before was named by; undefined for the first page. */
  readonly after: string | undefined;
  /** One page of what was found, which is one more than `limit` where there is more. */
  cut<T, V>(
    found: readonly T[],
    positionOf: (row: T) => string,
    view: (row: T) => V,
  ): { readonly items: readonly V[]; readonly next: string | null };
}

/** Reads where to go on. A cursor is sealed for this list with these filters in this tenant: of another it is none (attacks ADM-07). Throws `invalid_request`. */
export function readPage({ ctx, name, query }: { readonly ctx: Context; readonly name: OperationName; readonly query: Paging }): PageOf {
  const { limit = USUAL_LIMIT, cursor, ...filters } = query;
  const filtered = sha256(JSON.stringify(Object.entries(filters).toSorted(([one], [other]) => (one < other ? -1 : 1))));
  const context = `admin_cursor ${ctx.tenant} ${name} ${filtered}`;
  return {
    limit,
    after: cursor === undefined ? undefined : open(ctx, cursor, context),
    cut(found, positionOf, view) {
      const last = found[limit - 1];
      const next = found.length > limit && last !== undefined ? ctx.keys.sealSecret(positionOf(last), context) : null;
      return { items: found.slice(0, limit).map(view), next };
    },
  };
}

function open(ctx: Context, cursor: string, context: string): string {
  try {
    return ctx.keys.openSecret(cursor, context);
  } catch {
    throw invalid([{ pointer: 'query/cursor', detail: 'is none of this list with these filters' }]);
  }
}
