/** Lists of the API, page by page over their cursors. */
import { type InfiniteData, type QueryClient, type QueryFilters, type QueryKey, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";

export interface Page<T> {
  data: T[];
  next_cursor: string | null;
  incomplete?: boolean;
}

/** Of a list that is read anew, so many pages; what lies further is read again as one comes to it. */
const ANEW_MOST = 3;

type Pages = InfiniteData<Page<unknown>>;

/** All rows read so far, and what reads more. `read` brings the page at a cursor, the first one without. With `often`, it is
 * read anew each so many milliseconds, unless one scrolled far. */
export function usePages<T>(queryKey: QueryKey, read: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>, often: number | false = false) {
  const queries = useQueryClient();
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => read(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    // Comparing all rows with each page that comes would take longer the further one scrolls.
    structuralSharing: false,
    refetchOnWindowFocus: (query) => !deep(query.state.data),
    refetchInterval: (query) => (deep(query.state.data) ? false : often),
  });
  const name = JSON.stringify(queryKey);
  useEffect(() => () => shorten(queries, { queryKey: JSON.parse(name) as QueryKey, exact: true }), [queries, name]);
  const pages = query.data?.pages;
  const rows = useMemo(() => (pages ?? []).flatMap((page) => page.data), [pages]);
  return {
    rows,
    /** The scan stopped before it found enough; reading more goes on with it. */
    incomplete: pages?.at(-1)?.incomplete ?? false,
    hasMore: query.hasNextPage,
    more: () => void (query.isFetchingNextPage || query.fetchNextPage({ cancelRefetch: false })),
    loading: query.isPending,
    loadingMore: query.isFetchingNextPage,
    problem: query.error,
    again: () => void query.refetch(),
  };
}

function deep(data: unknown): boolean {
  return ((data as Pages | undefined)?.pages?.length ?? 0) > ANEW_MOST;
}

/** Leaves no more than the first pages of these lists, of all by default: whoever reads one anew reads all that is there. */
export function shorten(queries: QueryClient, which: QueryFilters = {}): void {
  queries.setQueriesData<unknown>({ ...which, predicate: (query) => deep(query.state.data) }, (old: unknown) => {
    const { pages, pageParams } = old as Pages;
    return { pages: pages.slice(0, ANEW_MOST), pageParams: pageParams.slice(0, ANEW_MOST) };
  });
}
