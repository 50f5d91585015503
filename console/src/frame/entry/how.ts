import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../../api/client";

/** How far the installation is, and how one signs in. */
export function useSetup(wanted = true) {
  return useQuery({
    queryKey: ["setup"],
    queryFn: ({ signal }) => ask(api.GET("/v1/setup", { signal })),
    enabled: wanted,
    staleTime: 0,
  });
}
