/** What the key or the person that brought a message is called, asked of the API by who may. */
import { useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { useMay } from "../../api/session";
import type { NameOf } from "./steps";

export function useNames(origin: Schemas["Explanation"]["origin"]): NameOf {
  const may = useMay();
  const keys = useQuery({
    queryKey: ["keys", "names"],
    queryFn: ({ signal }) => ask(api.GET("/v1/keys", { params: { query: { limit: 100 } }, signal })),
    enabled: Boolean(origin?.key) && (may("admin") || may("develop")),
  });
  const users = useQuery({
    queryKey: ["users", "few", undefined],
    queryFn: ({ signal }) => ask(api.GET("/v1/users", { params: { query: { limit: 100 } }, signal })),
    enabled: Boolean(origin?.user) && may("admin"),
  });
  const all = [...(keys.data?.data ?? []), ...(users.data?.data ?? [])];
  return (id) => all.find((one) => one.id === id)?.name;
}
