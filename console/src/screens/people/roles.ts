/** Roles that people have, and who may give them. */
import type { Who } from "../../api/session";

export const ROLES = ["owner", "admin", "agent", "analyst", "developer"] as const;
export type Role = (typeof ROLES)[number];

/** Whether they make and unmake owners of this account: its owners do, and whoever looks after it from another. */
export function mayOwn(who: Who, account: string): boolean {
  return who.user.account_id === account ? who.user.role === "owner" : who.all_accounts;
}
