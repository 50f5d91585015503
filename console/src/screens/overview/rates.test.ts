/** What the overview counts of live events. */
import { expect, it } from "vitest";
import { counted, STRETCH_MS, STRETCHES_MOST } from "./rates";

const none = { accepted: 0, delivered: 0, lost: 0, received: 0 };

it("counts each kind in the stretch that it came in", () => {
  const first = counted([], ["message.accepted", "message.delivered", "message.sent", "conversation.changed"], 12_345);
  expect(first).toEqual([{ at: 10_000, counts: { ...none, accepted: 1, delivered: 1 } }]);
  expect(counted(first, ["message.failed", "message.received"], 14_999)).toEqual([{ at: 10_000, counts: { accepted: 1, delivered: 1, lost: 1, received: 1 } }]);
});

it("leaves no hole where nothing came", () => {
  const all = counted(counted([], ["message.accepted"], 0), [], 3 * STRETCH_MS);
  expect(all.map((one) => one.counts.accepted)).toEqual([1, 0, 0, 0]);
});

it("lets the oldest go, after a night asleep too", () => {
  const all = counted(counted([], ["message.accepted"], 0), ["message.delivered"], 86_400_000);
  expect(all).toHaveLength(STRETCHES_MOST);
  expect(all.at(-1)).toEqual({ at: 86_400_000, counts: { ...none, delivered: 1 } });
});
