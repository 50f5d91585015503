/** The list of live events: bounded, newest first, held while somebody reads. */
import { describe, expect, it } from "vitest";
import type { Happening } from "../../api/stream";
import { came, MOST, missed, narrowed, NOTHING, released } from "./held";

const one = (n: number, type = "message.sent", data: Record<string, unknown> = {}): Happening => ({ id: `evt_${n}`, type, occurred_at: "2026-11-28T12:00:00Z", sequence: n, data });
const some = (from: number, count: number) => Array.from({ length: count }, (_, n) => one(from + n));
const ids = (rows: readonly Happening[]) => rows.map((row) => row.sequence);

describe("what comes", () => {
  it("stands in front, the newest first", () => {
    expect(ids(came(came(NOTHING, some(1, 2), false), some(3, 2), false).rows)).toEqual([4, 3, 2, 1]);
  });
  it("pushes out the oldest beyond the bound", () => {
    const full = came(came(NOTHING, some(1, MOST), false), some(MOST + 1, 5), false);
    expect([full.rows.length, full.rows[0]?.sequence, full.rows.at(-1)?.sequence]).toEqual([MOST, MOST + 5, 6]);
  });
  it("waits while it is held, counted beyond the bound, and comes in when let go", () => {
    let held = came(came(NOTHING, some(1, 2), false), some(3, MOST + 7), true);
    expect([ids(held.rows), held.waiting.length, held.waited]).toEqual([[2, 1], MOST, MOST + 7]);
    held = released(held);
    expect([held.rows.length, held.rows[0]?.sequence, held.waited]).toEqual([MOST, MOST + 9, 0]);
  });
  it("changes nothing when it is nothing", () => {
    expect(came(NOTHING, [], false)).toBe(NOTHING);
    expect(released(NOTHING)).toBe(NOTHING);
  });
});

it("tells of a gap only where something was shown before it", () => {
  expect(missed(NOTHING, 5).missed).toBeNull();
  expect(missed(came(NOTHING, some(1, 1), false), 5).missed).toBe(5);
});

it.each([
  [undefined, undefined, [4, 3, 2, 1]],
  ["message.*", undefined, [3, 2, 1]],
  ["message.failed", undefined, [2]],
  [undefined, "anna", [3]],
  [undefined, "MESSAGE +1555", [2, 1]],
  ["message.sent", "+1555", [1]],
])("narrowed by %s and %s", (type, sought, left) => {
  const rows = [
    one(4, "conversation.created", { number: "+4470" }), one(3, "message.received", { text: "Anna here" }),
    one(2, "message.failed", { to: "+15551" }), one(1, "message.sent", { to: "+15552" }),
  ];
  expect(ids(narrowed(rows, type, sought))).toEqual(left);
});
