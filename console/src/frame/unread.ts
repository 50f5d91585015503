/** How many conversations wait to be read, for the title of the tab, on whatever screen one is. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, ask } from "../api/client";
import { useRefresh } from "../api/live";
import { useMay } from "../api/session";
import { setUnread } from "./title";

/** Counted so far; beyond, it is that many at least. */
const COUNTED_MOST = 100;
/** The first screen's own answers come before. */
const AFTER_MS = 700;

export function useUnreadCount(): void {
  const may = useMay();
  const [now, begin] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => begin(true), AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  const query = useQuery({
    enabled: now && (may("read") || may("inbox")),
    queryKey: ["unread"],
    queryFn: ({ signal }) => ask(api.GET("/v1/conversations", { params: { query: { unread: "true", limit: COUNTED_MOST } }, signal })),
  });
  useRefresh(["conversation."], ["unread"]);
  const count = query.data?.data.length ?? 0;
  useEffect(() => setUnread(count), [count]);
}
