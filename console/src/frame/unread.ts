/** How many conversations wait to be read, for the title of the tab, on whatever screen one is. */
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api, ask } from "../api/client";
import { useRefresh } from "../api/live";
import { useMay } from "../api/session";
import { setUnread } from "./title";

/** Counted so far; beyond, it is that many at least. */
const COUNTED_MOST = 100;

export function useUnreadCount(): void {
  const may = useMay();
  const query = useQuery({
    enabled: may("read") || may("inbox"),
    queryKey: ["unread"],
    queryFn: ({ signal }) => ask(api.GET("/v1/conversations", { params: { query: { unread: "true", limit: COUNTED_MOST } }, signal })),
  });
  useRefresh(["conversation."], ["unread"]);
  const count = query.data?.data.length ?? 0;
  useEffect(() => setUnread(count), [count]);
}
