/** What a customer's form sends, and how a customer stands. */
import { describe, expect, it } from "vitest";
import { changed } from "../../api/changed";
import type { Schemas } from "../../api/client";
import { BLANK, bodyOf, fieldsOf, valuesOf } from "./fields";
import { type Customer, stateOf } from "./standing";

const ESME = {
  ...BLANK, account_id: "acc_1", id: "esme_1", name: "Shop", system_id: "shop", rate: null, daily_quota: 7, monthly_quota: null,
  certificate: null, receipt_id_form: null, created_at: "2026-11-28T12:00:00Z", closed_at: null, rotating_until: null, last_bound_at: null, binds: [],
} as unknown as Customer;

describe("the form", () => {
  it("asks for the API's own defaults, and for nothing twice", () => {
    const asked = Object.values(fieldsOf((_, value) => value)).flat().map((one) => one.name);
    expect(new Set(asked).size).toBe(asked.length);
    expect([...asked, "name", "system_id", "password", "account_id"].sort()).toEqual(Object.keys(BLANK).sort());
  });
  it("leaves to the API what nobody typed", () => {
    const body = bodyOf({ ...BLANK, name: " Shop ", system_id: "shop", window: "", rate: 0 });
    expect(body).toMatchObject({ name: "Shop", system_id: "shop", password: null, account_id: null, rate: 0, daily_quota: null, receipt_id_form: null });
    expect(body.window).toBeUndefined();
  });
  it("names in a change what was changed and nothing else", () => {
    const before = valuesOf(ESME);
    expect(bodyOf(changed(before, before))).toEqual({});
    expect(bodyOf(changed(before, { ...before, daily_quota: "", senders: ["ACME"], receipt_id_form: "decimal" }))).toEqual({ daily_quota: null, senders: ["ACME"], receipt_id_form: "decimal" });
  });
});

it.each([
  ["bound", { binds: [{} as Schemas["Session"]], closed_at: null, last_bound_at: "2026-11-28T12:00:00Z" }],
  ["unbound", { binds: [], closed_at: null, last_bound_at: "2026-11-28T12:00:00Z" }],
  ["never", { binds: [], closed_at: null, last_bound_at: null }],
  ["closed", { binds: [], closed_at: "2026-11-28T12:00:00Z", last_bound_at: "2026-11-28T12:00:00Z" }],
])("it is %s", (state, one) => expect(stateOf(one)).toBe(state));
