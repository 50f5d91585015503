/** Webhooks by the address they call, for screens that know but their ids. */
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client";

export function useWebhooks(): { id: string; url: string }[] {
  const found = useQuery({
    queryKey: ["webhooks", "choice"],
    queryFn: ({ signal }) => ask(api.GET("/v1/webhooks", { params: { query: { limit: 100 } }, signal })),
  });
  return found.data?.data ?? [];
}
