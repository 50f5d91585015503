/** The settings of a carrier, as a form asks for them and as the API takes them. */
import type { Schemas } from "../../api/client";
import type { Field } from "../../blocks/Fields";

type Request = Schemas["CarrierRequest"];

export interface Values {
  name: string;
  host: string;
  port: number | "";
  system_id: string;
  /** Never told; empty: as it is. */
  password: string;
  system_type: string;
  bind: string;
  binds: number | "";
  window: number | "";
  rate: number | "";
  tls: boolean;
  tls_verify: boolean;
  tls_ca: string;
  response_timeout: number | "";
  enquire_link: number | "";
  sender_rules: string;
  /** JSON. */
  profile: string;
}

export const BLANK: Values = {
  name: "", host: "", port: 2775, system_id: "", password: "", system_type: "", bind: "transceiver", binds: 1, window: 50, rate: 0,
  tls: false, tls_verify: true, tls_ca: "", response_timeout: 10, enquire_link: 30, sender_rules: "refuse", profile: "",
};

/** Of one that is there, from the settings that the API answers. */
export function valuesOf(name: string, settings: Readonly<Record<string, unknown>>): Values {
  const known = Object.keys(BLANK).map((key) => [key, settings[key] ?? BLANK[key as keyof Values]]);
  const profile = (settings.profile ?? {}) as object;
  return { ...(Object.fromEntries(known) as Values), name, password: "", profile: Object.keys(profile).length ? JSON.stringify(profile, null, 2) : "" };
}

/** The profile as typed; null where it is no JSON object. */
export function profileOf(text: string): Record<string, unknown> | null {
  if (!text.trim()) return {};
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === "object" && read !== null && !Array.isArray(read) ? (read as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** What is sent: numbers that were left empty are as by default, a password that was left empty stays. */
export function bodyOf(values: Partial<Values>): Partial<Request> {
  const body = Object.entries(values).flatMap(([name, value]): [string, unknown][] => {
    if (name === "profile") return [[name, profileOf(value as string)]];
    if (name === "tls_ca") return [[name, (value as string).trim() || null]];
    if (name === "password") return value ? [[name, value]] : [];
    if (value === "" && typeof BLANK[name as keyof Values] === "number") return [[name, BLANK[name as keyof Values]]];
    return [[name, typeof value === "string" ? value.trim() : value]];
  });
  return Object.fromEntries(body) as Partial<Request>;
}

export function fieldsOf(option: (field: string, value: string) => string) {
  const said = (field: string, ...values: string[]) => values.map((value) => ({ value, label: option(field, value) }));
  return {
    door: [
      { name: "host", kind: "text", longest: 255, example: "smsc.example.net" },
      { name: "port", kind: "number" },
      { name: "system_id", kind: "text" },
      { name: "password", kind: "secret" },
    ],
    traffic: [
      { name: "bind", kind: "choice", options: ["transceiver", "transmitter+receiver"].map((value) => ({ value, label: value })) },
      { name: "binds", kind: "number" },
      { name: "window", kind: "number" },
      { name: "rate", kind: "number", fraction: true },
      { name: "tls", kind: "switch" },
      { name: "tls_verify", kind: "switch" },
    ],
    rest: [
      { name: "sender_rules", kind: "choice", options: said("rules", "refuse", "replace", "off") },
      { name: "system_type", kind: "text" },
      { name: "response_timeout", kind: "number", fraction: true },
      { name: "enquire_link", kind: "number", fraction: true },
      { name: "tls_ca", kind: "text", wide: true },
      { name: "profile", kind: "code", wide: true, example: '{"receipt_id": "hex_to_dec"}' },
    ],
  } as const satisfies Record<string, readonly Field<Values>[]>;
}
