import { OPERATION_NAMES, type OperationName, operationOf, type ReplyOf } from '@hufu/protocol/admin/operations';
import { MAX_PAGE, type Page } from '@hufu/protocol/admin/shape';
import { malformed } from '../ask.ts';
import { type AdminTransport, callUntyped, type InputOf, type UntypedInput } from './call-admin.ts';

/** Operations that answer a page. */
export type ListName = { [N in OperationName]: ReplyOf<N> extends Page<unknown> ? N : never }[OperationName];

/** What a list has items of. */
export type ItemOf<N extends ListName> = ReplyOf<N> extends Page<infer T> ? T : never;

/** How many items are asked for where nobody says how many. */
export const MOST_ITEMS = 10_000;

/** The names of the lists that go on with a cursor. */
export const LIST_NAMES: ReadonlySet<OperationName> = new Set(
  OPERATION_NAMES.filter((name) => Object.hasOwn(Object(operationOf(name).query['properties']), 'cursor')),
);

/**
 * The items of a list, page by page as they are asked for, `most` at most. Returns the cursor that goes on, or null at the end. `query.limit` is the size of a page,
 * 200 where it is left out.
 */
export async function* allOf<N extends ListName>(
  transport: AdminTransport,
  name: N,
  input: InputOf<N>,
  most: number = MOST_ITEMS,
): AsyncGenerator<ItemOf<N>, string | null> {
  const items = allUntyped(transport, name, { ...input }, most);
  for (;;) {
    const { done, value } = await items.next();
    if (done === true) return value;
    // The server is held to the table in its own tests.
    yield value as ItemOf<N>;
  }
}

/** As `allOf`, for a name that the compiler does not know. */
export async function* allUntyped(
  transport: AdminTransport,
  name: OperationName,
  input: UntypedInput,
  most: number = MOST_ITEMS,
): AsyncGenerator<unknown, string | null> {
  const query: Readonly<Record<string, unknown>> = Object(input.query);
  let left = most;
  let cursor = query['cursor'];
  while (left > 0) {
    const limit = Math.min(left, Number(query['limit'] ?? MAX_PAGE));
    const { body } = await callUntyped(transport, name, { ...input, query: { ...query, limit, cursor } });
    const { items, next }: { readonly items?: unknown; readonly next?: unknown } = Object(body);
    if (!Array.isArray(items) || (next !== null && typeof next !== 'string')) throw malformed(`${name} has not answered a page`);
    yield* items.slice(0, left);
    left -= items.length;
    if (next === null) return null;
    // A page of nothing, or one that leads to itself, would never end.
    if (next === cursor || items.length === 0) throw malformed(`${name} goes on with the same page`);
    cursor = next;
  }
  return typeof cursor === 'string' ? cursor : null;
}
