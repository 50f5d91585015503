/** What is done with all receipts that filters leave: call by call, since one looks through so many and no more. */
import { api, ask, type Schemas } from "../../api/client";

export interface Filters {
  carrier?: string;
  from?: string;
  parked?: "true" | "false";
  since?: string;
  until?: string;
}
type Choice = Schemas["OrphanChoice"];

/** Calls in a row: each looks through ten thousand. */
const CALLS_MOST = 100;

export function queryOf(all: Readonly<Record<string, string | undefined>>): Filters {
  const { carrier, from, parked, since, until } = all;
  return { carrier, from, parked: parked === "true" || parked === "false" ? parked : undefined, since, until };
}

/** As a body takes them: what is parked is a truth there, and no word. */
export function choiceOf({ parked, ...rest }: Filters): Choice {
  return { ...rest, ...(parked ? { parked: parked === "true" } : {}) };
}

async function through<A extends { next_cursor: string | null }>(call: (body: Choice) => Promise<A>, filters: Filters, told: (answer: A) => void) {
  let cursor: string | null = null;
  for (let calls = 0; calls < CALLS_MOST; calls += 1) {
    const answer: A = await call({ ...choiceOf(filters), ...(cursor ? { cursor } : {}) });
    told(answer);
    cursor = answer.next_cursor;
    if (!cursor) return;
  }
}

export async function matchAll(filters: Filters): Promise<{ matched: number; unmatched: number }> {
  const sum = { matched: 0, unmatched: 0 };
  await through((body) => ask(api.POST("/v1/orphans/match", { body })), filters, (one) => {
    sum.matched += one.matched;
    sum.unmatched += one.unmatched;
  });
  return sum;
}

export async function dropAll(filters: Filters): Promise<number> {
  let dropped = 0;
  await through((body) => ask(api.POST("/v1/orphans/drop", { body })), filters, (one) => {
    dropped += one.dropped;
  });
  return dropped;
}
