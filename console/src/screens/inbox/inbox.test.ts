/** What the inbox decides by itself: places in lists, order in threads, drafts, replies by name, moments. */
import { describe, expect, it } from "vitest";
import { moments } from "./Actions";
import { matching } from "./Canned";
import { type Conversation, fits, type Narrowed, type Pages, placed } from "./conversations";
import { draftOf, keepDraft, slashAt } from "./drafts";
import { entriesOf, type Message, type Note, within } from "./thread";

function talk(id: string, last: string | null, more: Partial<Conversation> = {}): Conversation {
  return {
    id: `conv_${id}`,
    from: "+15550009999",
    number: "+1555",
    contact: { id: "con_1", numbers: ["+1555", "+1556"], name: "", fields: {}, tags: [], notes: "", created_at: "", changed_at: "" },
    status: "open",
    snoozed_until: null,
    assignee: null,
    labels: [],
    unread: 0,
    last_message: last === null ? null : ({ id: `msg_${last}` } as Message),
    created_at: "",
    ...more,
  };
}

const list = (next: string | null, ...pages: string[][]): Pages<Conversation> => ({
  pages: pages.map((ids, at) => ({ data: ids.map((id) => talk(id, id)), next_cursor: at === pages.length - 1 ? next : "cur" })),
  pageParams: [],
});
const shown = (pages: Pages<Conversation>) => pages.pages.map((page) => page.data.map((one) => one.id.slice(5)).join(""));

describe("a conversation finds its place", () => {
  const cases: [what: string, before: Pages<Conversation>, one: Conversation, belongs: boolean, after: string[]][] = [
    ["a new one comes first", list(null, ["c", "b"]), talk("d", "d"), true, ["dcb"]],
    ["one that was said something in moves up", list(null, ["c", "b", "a"]), talk("a", "z"), true, ["acb"]],
    ["over pages too", list(null, ["d", "c"], ["b", "a"]), talk("a", "z"), true, ["adc", "b"]],
    ["one of between lies between", list(null, ["d", "b"]), talk("c", "c"), true, ["dcb"]],
    ["one that fits no more goes", list(null, ["c", "b"]), talk("b", "b"), false, ["c"]],
    ["the oldest comes last", list(null, ["c", "b"]), talk("a", "a"), true, ["cba"]],
    ["one beyond what was read is left out", list("cur", ["c", "b"]), talk("a", "a"), true, ["cb"]],
    ["into an empty list", list(null, []), talk("a", null), true, ["a"]],
  ];
  it.each(cases)("%s", (_what, before, one, belongs, after) => {
    expect(shown(placed(before, one, belongs))).toEqual(after);
  });
});

describe("a list is narrowed", () => {
  const one = talk("a", "a", { assignee: "kim", labels: ["table"], unread: 2 });
  const cases: [Narrowed, boolean][] = [
    [{}, true],
    [{ status: "open" }, true],
    [{ status: "closed" }, false],
    [{ assignee: "kim" }, true],
    [{ assignee: "bo" }, false],
    [{ assigned: "true" }, true],
    [{ assigned: "false" }, false],
    [{ unread: "true" }, true],
    [{ unread: "false" }, false],
    [{ label: "table" }, true],
    [{ label: "chair" }, false],
    [{ from: "+15550009999" }, true],
    [{ from: "777" }, false],
  ];
  it.each(cases)("by %o: %s", (narrowed, expected) => expect(fits(one, narrowed)).toBe(expected));
});

const message = (id: string, at: string) => ({ id, created_at: at }) as Message;
const note = (id: string, at: string) => ({ id, created_at: at, author: "", text: "" }) as Note;

describe("a thread", () => {
  const messages = [message("m2", "2026-11-24T10:00:00Z"), message("m1", "2026-11-23T10:00:00Z")];
  const notes = [note("n2", "2026-11-24T09:00:00Z"), note("n1", "2026-11-22T09:00:00Z")];
  it("has messages and notes in order, days between, and older notes once their messages were read", () => {
    const keys = (whole: boolean) => entriesOf(messages, notes, whole).map((one) => (one.kind === "day" ? "|" : one.key));
    expect(keys(false)).toEqual(["|", "m1", "|", "n2", "m2"]);
    expect(keys(true)).toEqual(["|", "n1", "|", "m1", "|", "n2", "m2"]);
  });
  it("holds what passes between our address and any number of the person", () => {
    const says = (more: Partial<Message>) => within(talk("a", null), more as Message);
    expect(says({ direction: "mo", from: "+1556", to: "+15550009999" })).toBe(true);
    expect(says({ direction: "mt", to: "+1555", from: "+15550009999" })).toBe(true);
    expect(says({ direction: "mt", to: "+1555", from: "777" })).toBe(false);
    expect(says({ direction: "mo", from: "+1557", to: "+15550009999" })).toBe(false);
  });
});

describe("what is typed", () => {
  it("is kept a conversation, until it is empty", () => {
    keepDraft("a", { kind: "note", reply: "Half", note: "" });
    expect(draftOf("a")).toEqual({ kind: "note", reply: "Half", note: "" });
    expect(draftOf("b").reply).toBe("");
    keepDraft("a", { kind: "note", reply: "", note: "" });
    expect(draftOf("a").kind).toBe("reply");
  });
  const slashes: [string, number, ReturnType<typeof slashAt>][] = [
    ["/", 1, { from: 0, name: "" }],
    ["Yes /ho", 7, { from: 4, name: "ho" }],
    ["Yes /ho later", 7, { from: 4, name: "ho" }],
    ["and/or", 6, null],
    ["24/7", 4, null],
    ["/hours ", 7, null],
  ];
  it.each(slashes)("%o at %i asks for a canned reply: %o", (text, caret, expected) => expect(slashAt(text, caret)).toEqual(expected));
  it("finds replies by the beginning of their name first", () => {
    const all = ["ours", "hours", "late"].map((name) => ({ id: name, name, text: name === "late" ? "Hours late" : "", created_at: "" }));
    expect(matching(all, "h").map((one) => one.name)).toEqual(["hours", "late"]);
    expect(matching(all, "OURS").map((one) => one.name)).toEqual(["ours", "hours", "late"]);
    expect(matching(all, "x")).toEqual([]);
  });
});

it("puts off until moments that lie ahead", () => {
  for (const at of [new Date(2026, 10, 28, 23, 30), new Date(2026, 10, 30, 8), new Date(2026, 11, 31, 12)]) {
    const all = moments(at);
    expect(all.every(([, moment]) => moment > at)).toBe(true);
    const monday = all.find(([key]) => key === "monday")?.[1];
    expect(monday?.getDay()).toBe(1);
  }
});
