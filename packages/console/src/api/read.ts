import type { AdminReply, InputOf } from '@hufu/client/admin';
import type { OperationName, ReplyOf } from '@hufu/protocol/admin/operations';
import type { Page } from '@hufu/protocol/admin/shape';
import { type UseQueryResult, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { call } from './api.ts';

/** What a query of an operation is kept under. */
export function keyOf<N extends OperationName>(name: N, input: InputOf<N>): readonly unknown[] {
  return [name, input.params ?? {}, input.query ?? {}];
}

/** One thing, with its `ETag`. */
export function useRead<N extends OperationName>(
  name: N,
  input: InputOf<N>,
  { everyMs, enabled = true }: { readonly everyMs?: number; readonly enabled?: boolean } = {},
): UseQueryResult<AdminReply<ReplyOf<N>>> {
  return useQuery({
    queryKey: keyOf(name, input),
    queryFn: ({ signal }) => call(name, { ...input, signal }),
    enabled,
    ...(everyMs !== undefined && { refetchInterval: everyMs }),
  });
}

type ListName = 'clients.list' | 'users.list' | 'grants.list' | 'decisions.list' | 'revocations.list' | 'audit.list' | 'audit.checkpoints';
type ItemOf<N extends ListName> = ReplyOf<N> extends Page<infer T> ? T : never;

export interface ReadList<T> {
  readonly items: readonly T[] | undefined;
  readonly error: Error | null;
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  loadMore(): void;
  retry(): void;
}

/** A list, page by page. Filters that are undefined are left out. */
export function useList<N extends ListName>(name: N, filters: Readonly<Record<string, string | undefined>>): ReadList<ItemOf<N>> {
  const query = Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined));
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: [name, {}, query],
    // The filters of a list are what its page takes from the address; the server judges them.
    queryFn: ({ pageParam, signal }) =>
      call(name, { query: { ...query, ...(pageParam !== null && { cursor: pageParam }) }, signal } as unknown as InputOf<N>),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => (last.body as Page<ItemOf<N>>).next,
  });
  return {
    items: data?.pages.flatMap(({ body }) => (body as Page<ItemOf<N>>).items),
    error,
    hasMore: hasNextPage,
    isLoadingMore: isFetchingNextPage,
    loadMore: () => void fetchNextPage(),
    retry: () => void refetch(),
  };
}
