/** Who sees which screens, and what stands on a phone. */
import { describe, expect, it } from "vitest";
import { SCREENS, sees, tabsOf } from "./screens";

const PEOPLE: [who: string, scopes: string[], all_accounts: boolean, tabs: string[]][] = [
  ["the operator", ["read", "send", "inbox", "develop", "admin", "self"], true, ["inbox", "overview", "log", "compose"]],
  ["an admin of a customer", ["read", "send", "inbox", "develop", "admin", "self"], false, ["inbox", "log", "compose", "contacts"]],
  ["an agent", ["inbox", "self"], false, ["inbox", "contacts", "canned", "senders"]],
  ["an analyst", ["read", "self"], false, ["inbox", "log", "contacts", "canned"]],
];

describe.each(PEOPLE)("%s", (_, scopes, all_accounts, tabs) => {
  const seen = SCREENS.filter((one) => one.nav && sees({ scopes, all_accounts }, one));

  it("has on a phone what they use most", () => {
    expect(tabsOf(seen).map((one) => one.name)).toEqual(tabs);
  });

  it("sees the operator's screens only as one", () => {
    expect(seen.some((one) => one.operator)).toBe(all_accounts);
  });
});

it("shows nobody anything before it is known who they are", () => {
  expect(SCREENS.filter((one) => sees(null, one))).toEqual([]);
});
