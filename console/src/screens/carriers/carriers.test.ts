/** What the form of a carrier sends. */
import { expect, it, describe } from "vitest";
import { changed } from "../../api/changed";
import { BLANK, bodyOf, fieldsOf, profileOf, valuesOf } from "./fields";

const SETTINGS = { host: "a.example", port: 2776, system_id: "us", rate: 5, tls_ca: null, profile: { receipt_id: "same" }, response_timeout: 10, window: 50 };

describe("the form of a carrier", () => {
  it("asks for all it knows, and for nothing twice", () => {
    const asked = Object.values(fieldsOf((_, value) => value)).flat().map((one) => one.name);
    expect(["name", ...asked].sort()).toEqual(Object.keys(BLANK).sort());
  });
  it("sends what makes one", () => {
    expect(bodyOf({ ...BLANK, name: "north", host: " a.example ", port: "", password: "s3cret" })).toMatchObject({ name: "north", host: "a.example", port: 2775, password: "s3cret", tls_ca: null, profile: {} });
  });
  it("sends of a change what was changed, and no password that nobody typed", () => {
    const before = valuesOf("north", SETTINGS);
    expect(bodyOf(changed(before, before))).toEqual({});
    expect(bodyOf(changed(before, { ...before, window: 7, profile: "" }))).toEqual({ window: 7, profile: {} });
  });
});

it.each([
  ["", {}],
  [' {"a": 1} ', { a: 1 }],
  ["[1]", null],
  ["{", null],
  ["null", null],
])("a profile typed as %s is %j", (text, profile) => expect(profileOf(text)).toEqual(profile));
