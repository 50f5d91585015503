/** Filters of receipts that match nothing, and going through all of them. */
import { afterEach, expect, it, vi } from "vitest";
import { api } from "../../api/client";
import { choiceOf, dropAll, matchAll, queryOf } from "./all";

afterEach(() => vi.restoreAllMocks());

it.each([
  [{ parked: "true", from: "+1" }, { parked: true, from: "+1" }],
  [{ parked: "false" }, { parked: false }],
  [{ parked: "maybe", other: "x" }, {}],
])("%j is asked for as %j", (all, body) => expect(JSON.parse(JSON.stringify(choiceOf(queryOf(all))))).toEqual(body));

function answers(...of: object[]) {
  return vi.spyOn(api, "POST").mockImplementation((async () => ({ data: of.shift(), response: new Response() })) as never);
}

it("goes on until the last of them, and sums up", async () => {
  const asked = answers({ matched: 2, unmatched: 1, next_cursor: "cur_1" }, { matched: 1, unmatched: 4, next_cursor: null });
  expect(await matchAll({ carrier: "north" })).toEqual({ matched: 3, unmatched: 5 });
  expect(asked.mock.calls.map((call) => (call as unknown[])[1]).map((init) => (init as { body: object }).body)).toEqual([{ carrier: "north" }, { carrier: "north", cursor: "cur_1" }]);
});

it("drops all that the filters leave", async () => {
  answers({ dropped: 7, next_cursor: "cur_1" }, { dropped: 2, next_cursor: null });
  expect(await dropAll({ carrier: "north" })).toBe(9);
});
