/**
 * The table of screens: a screen is one file in `screens/` and one row here. Routes, navigation, command palette and the
 * pictures of `make screens` are made from it. docs/howto/add-a-screen.md tells how.
 */
import type { FunctionComponent } from "react";
import type { Who } from "./api/session";
import type { IconName } from "./design/icons";

export type Group = "talk" | "build" | "run" | "house";

export type Scope = "read" | "send" | "inbox" | "develop" | "admin" | "self";

export interface ScreenRow {
  /** Below /console; `$name` is a parameter. */
  path: string;
  /** Of its catalogue: `words/*\/{name}.json` has at least `title`. */
  name: string;
  /** The file; it is loaded when the screen is first opened. */
  load: () => Promise<{ default: FunctionComponent }>;
  /** Where it stands in the navigation; without one it is reached from other screens. `tab`: how far to the front on a phone. */
  nav?: { group: Group; icon: IconName; key?: string; tab?: number };
  /** The scopes that its calls take, any of which will do (`x-scope` and `x-scope-also` of the OpenAPI document). */
  needs?: Scope | readonly Scope[];
  /** Only for who looks after all accounts: its calls are the operator's. */
  operator?: true;
}

export const SCREENS: readonly ScreenRow[] = [
  // talk
  {
    path: "/inbox",
    name: "inbox",
    load: () => import("./screens/Inbox"),
    nav: { group: "talk", icon: "inbox", key: "i", tab: 1 },
    needs: ["read", "inbox"],
  },
  {
    path: "/messages",
    name: "log",
    load: () => import("./screens/MessageLog"),
    nav: { group: "talk", icon: "list", key: "l", tab: 3 },
    needs: "read",
  },
  { path: "/messages/$id", name: "story", load: () => import("./screens/MessageDetail"), needs: "read" },
  {
    path: "/compose",
    name: "compose",
    load: () => import("./screens/Compose"),
    nav: { group: "talk", icon: "pen", key: "c" },
    needs: "send",
  },
  {
    path: "/contacts",
    name: "contacts",
    load: () => import("./screens/Contacts"),
    nav: { group: "talk", icon: "people", key: "p" },
    needs: ["read", "inbox"],
  },
  { path: "/contacts/$id", name: "contacts", load: () => import("./screens/ContactDetail"), needs: ["read", "inbox"] },
  {
    path: "/canned",
    name: "canned",
    load: () => import("./screens/Canned"),
    nav: { group: "talk", icon: "bolt", key: "r" },
    needs: ["read", "inbox"],
  },
  {
    path: "/handset",
    name: "handset",
    load: () => import("./screens/Handset"),
    nav: { group: "talk", icon: "phone", key: "h" },
    needs: "send",
  },

  // build
  {
    path: "/codes",
    name: "codes",
    load: () => import("./screens/Codes"),
    nav: { group: "build", icon: "keyword", key: "k" },
    needs: "read",
  },
  { path: "/codes/$id", name: "codes", load: () => import("./screens/CodeEditor"), needs: "admin" },
  {
    path: "/senders",
    name: "senders",
    load: () => import("./screens/Senders"),
    nav: { group: "build", icon: "tag", key: "s" },
    needs: ["read", "inbox"],
  },
  {
    path: "/keys",
    name: "api-keys",
    load: () => import("./screens/Keys"),
    nav: { group: "build", icon: "key", key: "a" },
    needs: ["admin", "develop"],
  },
  {
    path: "/webhooks",
    name: "webhooks",
    load: () => import("./screens/Webhooks"),
    nav: { group: "build", icon: "hook", key: "w" },
    needs: ["read", "develop"],
  },
  { path: "/webhooks/$id", name: "webhooks", load: () => import("./screens/WebhookDetail"), needs: ["read", "develop"] },
  { path: "/deliveries", name: "deliveries", load: () => import("./screens/Deliveries"), needs: ["read", "develop"] },
  { path: "/deliveries/$id", name: "deliveries", load: () => import("./screens/DeliveryDetail"), needs: ["read", "develop"] },
  {
    path: "/events",
    name: "events",
    load: () => import("./screens/Events"),
    nav: { group: "build", icon: "pulse", key: "v" },
    needs: ["read", "inbox"],
  },
  { path: "/signature", name: "signature", load: () => import("./screens/Signature"), needs: ["admin", "develop"] },

  // run
  {
    path: "/overview",
    name: "overview",
    load: () => import("./screens/Overview"),
    nav: { group: "run", icon: "gauge", key: "o", tab: 2 },
    needs: "admin",
    operator: true,
  },
  {
    path: "/carriers",
    name: "carriers",
    load: () => import("./screens/Carriers"),
    nav: { group: "run", icon: "tower", key: "t" },
    needs: "admin",
    operator: true,
  },
  { path: "/carriers/$name", name: "carriers", load: () => import("./screens/CarrierDetail"), needs: "admin", operator: true },

  {
    path: "/orphans",
    name: "orphans",
    load: () => import("./screens/Orphans"),
    nav: { group: "run", icon: "unmatched", key: "n" },
    needs: "admin",
    operator: true,
  },
  {
    path: "/customers",
    name: "customers",
    load: () => import("./screens/Customers"),
    nav: { group: "run", icon: "plug", key: "e" },
    needs: "admin",
  },
  { path: "/customers/$id", name: "customers", load: () => import("./screens/CustomerDetail"), needs: "admin" },

  // house
  {
    path: "/people",
    name: "people",
    load: () => import("./screens/People"),
    nav: { group: "house", icon: "badge", key: "u" },
    needs: "admin",
  },
  {
    path: "/audit",
    name: "audit",
    load: () => import("./screens/Audit"),
    nav: { group: "house", icon: "shield", key: "d" },
    needs: "admin",
  },
  {
    path: "/account",
    name: "account",
    load: () => import("./screens/Account"),
    nav: { group: "house", icon: "person", key: "m" },
  },
];

/** Whether they see the screen. */
export function sees(who: Pick<Who, "scopes" | "all_accounts"> | null | undefined, screen: ScreenRow): boolean {
  if (!who || (screen.operator && !who.all_accounts)) return false;
  return screen.needs === undefined || [screen.needs].flat().some((one) => who.scopes.includes(one));
}

/** What a phone has room for beside the way to all the others: those with a `tab` first, then as the table has them. */
export function tabsOf<T extends Pick<ScreenRow, "nav">>(nav: readonly T[]): readonly T[] {
  const place = (one: T) => one.nav?.tab ?? Number.POSITIVE_INFINITY;
  // Two infinities are no number apart; the sort is stable.
  return [...nav].sort((one, other) => place(one) - place(other) || 0).slice(0, 4);
}
