/** The SMPP door itself, as a diagnosis tells it: whether it is open, and what each customer has not taken. */
import { useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { useSession } from "../../api/session";
import { Notice } from "../../blocks/States";
import { useWords } from "../../words";

const LOOK_MS = 5_000;

/** Only the operator may ask; to others there is none. */
function useDiagnosis() {
  const operator = useSession().who?.all_accounts ?? false;
  return useQuery({ queryKey: ["doctor"], queryFn: ({ signal }) => ask(api.GET("/v1/doctor", { signal })), refetchInterval: LOOK_MS, enabled: operator });
}

/** By the id of the ESME. */
export function useOwed(): ReadonlyMap<string, Schemas["EsmeState"]> {
  const found = useDiagnosis();
  return new Map((found.data?.snapshot.esmes ?? []).map((one) => [one.id, one]));
}

/** Where they bind to; null: not known, or closed. */
export function useDoor(): readonly string[] | null {
  return useDiagnosis().data?.snapshot.door?.addresses ?? null;
}

/** Says so where no door is open: nobody can bind then. */
export function Door() {
  const { say } = useWords();
  const found = useDiagnosis();
  if (!found.data || found.data.snapshot.door) return null;
  return (
    <Notice icon="door" title={say("customers.door")}>
      {say("customers.door-more")}
    </Notice>
  );
}
