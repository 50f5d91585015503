/** What the overview makes of counts. */
import { expect, it } from "vitest";
import { count, moment, parted } from "./spans";

const counts = { accepted: 9, delivered: 4, received: 2, undelivered: 1, failed: 10, expired: 100, rejected: 1_000 };

it("adds up what kept messages from their phones", () => {
  expect(count(counts, "lost")).toBe(1_111);
  expect(count(counts, "delivered")).toBe(4);
});

it("keeps the step that is not over apart", () => {
  expect(parted([1, 2, 3])).toEqual({ over: [1, 2], running: 3 });
  expect(parted([])).toEqual({ over: [], running: undefined });
});

it("names days by UTC, whose days they are, and hours by the reader's clock", () => {
  expect(moment("2026-11-23T00:00:00.000Z", "month", "en")).toBe("Nov 23");
  const here = new Intl.DateTimeFormat("de", { hour: "2-digit", minute: "2-digit" }).format(Date.parse("2026-11-23T09:00:00.000Z"));
  expect(moment("2026-11-23T09:00:00.000Z", "day", "de")).toBe(here);
});
