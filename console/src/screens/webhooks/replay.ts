/** What to send again. */
import type { Schemas } from "../../api/client";
import type { Filters } from "../../blocks/FilterBar";

/** Of what a list is narrowed by; null where it shows what cannot be sent again: one message's, or what has not ended. */
export function replayOf(filters: Filters): Schemas["ReplayRequest"] | null {
  const { message, status, webhook, type, since, until } = filters;
  if (message || (status && status !== "delivered" && status !== "dead")) return null;
  return {
    ...(webhook && { webhook }),
    ...(type && { type }),
    ...(status && { status: status as "delivered" | "dead" }),
    ...(since && { since }),
    ...(until && { until }),
  };
}
