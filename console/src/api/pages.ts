/** Lists of the API, page by page over their cursors. */
import { type QueryKey, useInfiniteQuery } from "@tanstack/react-query";

export interface Page<T> {
  data: T[];
  next_cursor: string | null;
  incomplete?: boolean;
}

/** All rows read so far, and what reads more. `read` brings the page at a cursor, the first one without. */
export function usePages<T>(queryKey: QueryKey, read: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>) {
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => read(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
  const pages = query.data?.pages ?? [];
  return {
    rows: pages.flatMap((page) => page.data),
    /** The scan stopped before it found enough; reading more goes on with it. */
    incomplete: pages.at(-1)?.incomplete ?? false,
    hasMore: query.hasNextPage,
    more: () => void (query.isFetchingNextPage || query.fetchNextPage({ cancelRefetch: false })),
    loading: query.isPending,
    loadingMore: query.isFetchingNextPage,
    problem: query.error,
    again: () => void query.refetch(),
  };
}
