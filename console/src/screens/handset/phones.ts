/** Which phones of the simulated network stand beside, and what a number's last four digits do to texts to it. */
import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { api, ask } from "../../api/client";
import { Problem } from "../../api/problem";

const KEPT = "tidings.phones";
const FIRST = ["+15551230100", "+15551230102"];
export const PHONES_MOST = 6;

/** docs/reference/simulator.md; any other number is delivered. */
export const FATES = [
  "0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011", "0012", "0013", "0014", "0015", "0016",
] as const;

export function fateOf(number: string): string {
  return FATES.find((one) => number.endsWith(one)) ?? "delivered";
}

const watchers = new Set<() => void>();
let phones: readonly string[] | null = null;

function read(): readonly string[] {
  if (phones) return phones;
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "null");
    phones = Array.isArray(kept) && kept.every((one) => typeof one === "string") ? kept : FIRST;
  } catch {
    phones = FIRST; // what was kept is none of ours
  }
  return phones;
}

export function setPhones(next: readonly string[]): void {
  phones = next.slice(0, PHONES_MOST);
  localStorage.setItem(KEPT, JSON.stringify(phones));
  for (const tell of watchers) tell();
}

export function usePhones(): readonly string[] {
  return useSyncExternalStore((tell) => (watchers.add(tell), () => watchers.delete(tell)), read);
}

/** The trouble of the network; `off` where no network is simulated here. */
export function useNetwork() {
  const query = useQuery({
    queryKey: ["simulator", "faults"],
    queryFn: async ({ signal }) => {
      try {
        return await ask(api.GET("/v1/simulator/faults", { signal }));
      } catch (fault) {
        if (fault instanceof Problem && fault.status === 404) return null;
        throw fault;
      }
    },
  });
  return { ...query, off: query.data === null };
}
