/** For who looks after several accounts: which one a screen is about, as a filter in the address. */
import { useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { useSession } from "../../api/session";
import type { Filter } from "../../blocks/FilterBar";
import { useWords } from "../../words";

/** All of them; none to who sees but their own. */
export function useAllAccounts(): Schemas["Account"][] {
  const { who } = useSession();
  const found = useQuery({
    queryKey: ["accounts"],
    queryFn: ({ signal }) => ask(api.GET("/v1/accounts", { params: { query: { limit: 100 } }, signal })),
    enabled: who?.all_accounts ?? false,
  });
  return found.data?.data ?? [];
}

/** The filter, or none where there is but one account to see. */
export function useAccounts(): Filter[] {
  const { say } = useWords();
  const { who } = useSession();
  const others = useAllAccounts().filter((one) => one.id !== who?.user.account_id);
  if (!others.length) return [];
  return [{ name: "account", label: say("people.account"), kind: "choice", options: others.map((one) => ({ value: one.id, label: one.name })) }];
}
