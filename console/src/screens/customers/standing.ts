/** How a customer's ESME stands. */
import type { Schemas } from "../../api/client";

export type Customer = Schemas["Esme"];
export type State = "bound" | "unbound" | "never" | "closed";

export function stateOf(one: Pick<Customer, "binds" | "closed_at" | "last_bound_at">): State {
  if (one.closed_at) return "closed";
  if (one.binds.length) return "bound";
  return one.last_bound_at ? "unbound" : "never";
}
