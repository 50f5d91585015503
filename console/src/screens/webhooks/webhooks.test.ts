/** What the screens of developers make of what is typed, pasted and chosen. */
import { expect, it } from "vitest";
import { standingOf } from "../Keys";
import { samplesOf } from "../keys/samples";
import { wordsIn } from "../keys/words-in";
import { headersIn } from "./headers";
import { replayOf } from "./replay";

it.each([
  ["as they came", "webhook-id: evt_1\nwebhook-signature: v1,a= v1,b=", { "webhook-id": "evt_1", "webhook-signature": "v1,a= v1,b=" }],
  ["of curl", "-H 'webhook-id: evt_1' \\\n  -H \"webhook-timestamp: 17\" \\", { "webhook-id": "evt_1", "webhook-timestamp": "17" }],
  ["as JSON", '{"webhook-id": "evt_1", "webhook-timestamp": 17}', { "webhook-id": "evt_1", "webhook-timestamp": "17" }],
  ["with the request line", "POST /hooks HTTP/1.1\r\nhost: a:80\r\n", { host: "a:80" }],
  ["broken JSON", '{"webhook-id"', {}],
  ["nothing", "", {}],
])("reads headers %s", (_, text, found) => {
  expect(headersIn(text)).toEqual(found);
});

it.each([
  ["everything", {}, {}],
  ["of a webhook and a time", { webhook: "wh_1", since: "2026-11-28T00:00:00Z" }, { webhook: "wh_1", since: "2026-11-28T00:00:00Z" }],
  ["what was given up", { status: "dead", type: "message.failed" }, { status: "dead", type: "message.failed" }],
  ["nothing of what still waits", { status: "waiting" }, null],
  ["nothing of one message, which the API cannot narrow by", { message: "msg_1" }, null],
])("sends again %s", (_, filters, body) => {
  expect(replayOf(filters)).toEqual(body);
});

it("takes a line apart", () => {
  expect(wordsIn(" ACME Shop, +1555 ,,ACME Shop", ",")).toEqual(["ACME Shop", "+1555"]);
  expect(wordsIn("192.0.2.0/24 ::1,", ", ")).toEqual(["192.0.2.0/24", "::1"]);
});

const at = Date.parse("2026-11-28T12:00:00Z");
const good = { revoked_at: null, expires_at: null, rotating_until: null };
it.each([
  ["good", good],
  ["good", { ...good, expires_at: "2026-11-28T12:00:01Z", rotating_until: "2026-11-28T11:00:00Z" }],
  ["rotating", { ...good, rotating_until: "2026-11-29T12:00:00Z" }],
  ["over", { ...good, expires_at: "2026-11-28T12:00:00Z", rotating_until: "2026-11-29T12:00:00Z" }],
  ["revoked", { ...good, revoked_at: "2026-11-28T11:00:00Z", expires_at: "2026-11-01T00:00:00Z" }],
])("calls a key %s", (state, key) => {
  expect(standingOf(key, at)).toBe(state);
});

it("makes programs that read where the key may not send", () => {
  const texts = samplesOf("https://sms.example.com", "tk_1", null).map((one) => one.text);
  expect(texts).toHaveLength(4);
  for (const text of texts) {
    expect(text).toContain("https://sms.example.com/v1/messages?limit=5");
    expect(text).toContain("Bearer tk_1");
    expect(text).not.toContain("POST");
  }
});
