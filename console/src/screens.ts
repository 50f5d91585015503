/**
 * The table of screens: a screen is one file in `screens/` and one row here. Routes, navigation, command palette and the
 * pictures of `make screens` are made from it. docs/howto/add-a-screen.md tells how.
 */
import type { ComponentType } from "react";
import type { IconName } from "./design/icons";

export type Group = "talk" | "build" | "run" | "house";

export interface ScreenRow {
  /** Below /console; `$name` is a parameter. */
  path: string;
  /** Of its catalogue: `words/*\/{name}.json` has at least `title`. */
  name: string;
  /** The file; it is loaded when the screen is first opened. */
  load: () => Promise<{ default: ComponentType }>;
  /** Where it stands in the navigation; without one it is reached from other screens. */
  nav?: { group: Group; icon: IconName; key?: string };
  /** The scope that its calls need (`x-scope` of the OpenAPI document); who lacks it sees no way to it. */
  needs?: "read" | "send" | "inbox" | "develop" | "admin" | "self";
}

export const SCREENS: readonly ScreenRow[] = [
  // talk
  {
    path: "/inbox",
    name: "inbox",
    load: () => import("./screens/Inbox"),
    nav: { group: "talk", icon: "inbox", key: "i" },
    needs: "read",
  },
  {
    path: "/messages",
    name: "log",
    load: () => import("./screens/MessageLog"),
    nav: { group: "talk", icon: "list", key: "l" },
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
    needs: "read",
  },
  { path: "/contacts/$id", name: "contacts", load: () => import("./screens/ContactDetail"), needs: "read" },
  {
    path: "/canned",
    name: "canned",
    load: () => import("./screens/Canned"),
    nav: { group: "talk", icon: "bolt", key: "r" },
    needs: "read",
  },

  // build
  {
    path: "/senders",
    name: "senders",
    load: () => import("./screens/Senders"),
    nav: { group: "build", icon: "tower", key: "s" },
    needs: "read",
  },

  // run

  // house
];

