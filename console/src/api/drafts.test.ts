/** Drafts: whose they are, how long they stay, how many. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Who } from "./session";

const before: { forgetDrafts: () => void }[] = [];

/** The page as it is opened anew. */
async function opened(user: string | null) {
  vi.resetModules();
  const { session } = await import("./session");
  session.enter(user === null ? null : ({ user: { id: user } } as Who));
  const drafts = await import("./drafts");
  before.push(drafts);
  return drafts;
}
const left = () => dispatchEvent(new Event("pagehide"));

beforeEach(() => {
  for (const page of before) page.forgetDrafts();
  sessionStorage.clear();
});

describe("a draft", () => {
  it("is there after a reload", async () => {
    (await opened("user_a")).keepFor("compose", { text: "Half" });
    left();
    expect((await opened("user_a")).draftFor("compose")).toEqual({ text: "Half" });
  });
  it("is nobody else's", async () => {
    (await opened("user_a")).keepFor("compose", "Half");
    left();
    const other = await opened("user_b");
    expect(other.draftFor("compose")).toBeUndefined();
    other.keepFor("compose", "Mine");
    left();
    expect(sessionStorage.getItem("tidings.drafts")).not.toContain("Half");
  });
  it("goes when it is sent, and with its person", async () => {
    const drafts = await opened("user_a");
    drafts.keepFor("one", "Half");
    drafts.keepFor("two", "Whole");
    drafts.keepFor("one", undefined);
    left();
    expect(sessionStorage.getItem("tidings.drafts")).toContain("Whole");
    expect(sessionStorage.getItem("tidings.drafts")).not.toContain("Half");
    drafts.forgetDrafts();
    left();
    expect(sessionStorage.length).toBe(0);
    expect(drafts.draftFor("two")).toBeUndefined();
  });
  it("gives way when there are too many, the oldest first", async () => {
    const drafts = await opened("user_a");
    for (let n = 0; n <= drafts.DRAFTS_MOST; n += 1) drafts.keepFor(`${n}`, "Half");
    drafts.keepFor("1", "Again");
    left();
    const after = await opened("user_a");
    expect([after.draftFor("0"), after.draftFor("1"), after.draftFor("2")]).toEqual([undefined, "Again", "Half"]);
    after.keepFor("long", "x".repeat(after.DRAFTS_LONGEST));
    left();
    expect((sessionStorage.getItem("tidings.drafts") ?? "").length).toBeLessThan(after.DRAFTS_LONGEST);
  });
  it("of another version is none", async () => {
    sessionStorage.setItem("tidings.drafts", "{");
    expect((await opened("user_a")).draftFor("compose")).toBeUndefined();
  });
});
