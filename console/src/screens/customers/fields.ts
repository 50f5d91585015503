/** What can be said of a customer's ESME, as a form asks for it, and as the API takes it. */
import type { Schemas } from "../../api/client";
import type { Field } from "../../blocks/Fields";
import type { Customer } from "./standing";

type Request = Schemas["EsmeRequest"];

/** As the API answers it, but for numbers that may be left out and choices of nothing: both are `""` here. */
export interface Values {
  name: string;
  system_id: string;
  account_id: string;
  password: string;
  networks: string[];
  bind_types: string[];
  max_binds: number | "";
  window: number | "";
  rate: number | "";
  daily_quota: number | "";
  monthly_quota: number | "";
  tls: boolean;
  certificate: string;
  alphabet: string;
  category: string;
  senders: string[];
  interface_version: string;
  message_id_form: string;
  receipt_format: string;
  receipt_pdu: string;
  receipt_seconds: boolean;
  receipt_text: boolean;
  receipt_id_form: string;
  inbound: string[];
  concatenation: string;
  queue_most: number | "";
  queue_hours: number | "";
}

export const BLANK: Values = {
  name: "", system_id: "", account_id: "", password: "",
  networks: [], bind_types: ["transmitter", "receiver", "transceiver"], max_binds: 4, window: 100, tls: false, certificate: "",
  rate: "", daily_quota: "", monthly_quota: "", category: "transactional", senders: [], inbound: [],
  alphabet: "gsm7", interface_version: "as_bound", message_id_form: "hexadecimal", receipt_format: "text_and_tlvs",
  receipt_pdu: "deliver_sm", receipt_seconds: false, receipt_text: true, receipt_id_form: "", concatenation: "udh",
  queue_most: 100_000, queue_hours: 72,
};

/** Of one that is there. */
export function valuesOf(one: Customer): Values {
  const known = Object.fromEntries(Object.keys(BLANK).map((name) => [name, one[name as keyof Customer] ?? ""]));
  return { ...BLANK, ...known, password: "" } as Values;
}

/** Numbers that have a place of their own where none is given. */
const NEVER_NULL = ["max_binds", "window", "queue_most", "queue_hours"] as const;

/** What is sent: nothing where nothing was typed. */
export function bodyOf(values: Partial<Values>): Partial<Request> {
  const body = Object.entries(values).map(([name, value]) => {
    if (typeof value === "string") value = value.trim();
    const empty = value === "" && name !== "name" && name !== "system_id";
    return [name, empty ? ((NEVER_NULL as readonly string[]).includes(name) ? undefined : null) : value];
  });
  return Object.fromEntries(body) as Partial<Request>;
}

const as = (...values: string[]) => values.map((value) => ({ value, label: value }));

/** The fields, group by group; `option` says what a choice is called in the reader's language. */
export function fieldsOf(option: (field: string, value: string) => string) {
  const said = (field: string, ...values: string[]) => values.map((value) => ({ value, label: option(field, value) }));
  const forms = ["hexadecimal", "decimal", "ours"];
  return {
    binding: [
      { name: "networks", kind: "tags", example: "192.0.2.0/24" },
      { name: "bind_types", kind: "several", options: as("transmitter", "receiver", "transceiver") },
      { name: "max_binds", kind: "number" },
      { name: "window", kind: "number" },
      { name: "tls", kind: "switch" },
      { name: "certificate", kind: "text", longest: 95 },
    ],
    traffic: [
      { name: "senders", kind: "tags", example: "ACME" },
      { name: "inbound", kind: "tags", example: "+15550009999" },
      { name: "category", kind: "choice", options: said("category", "transactional", "otp", "conversation", "marketing") },
      { name: "rate", kind: "number", fraction: true },
      { name: "daily_quota", kind: "number" },
      { name: "monthly_quota", kind: "number" },
    ],
    habits: [
      { name: "interface_version", kind: "choice", options: [...said("version", "as_bound"), ...as("3.3", "3.4", "5.0")] },
      { name: "alphabet", kind: "choice", options: [{ value: "gsm7", label: "GSM 7-bit" }, { value: "gsm7_packed", label: "GSM 7-bit, packed" }, { value: "latin1", label: "Latin-1" }, { value: "ascii", label: "ASCII" }] },
      { name: "message_id_form", kind: "choice", options: said("id", ...forms) },
      { name: "receipt_id_form", kind: "choice", options: said("id", "", ...forms) },
      { name: "receipt_format", kind: "choice", options: said("format", "text_and_tlvs", "text", "tlvs") },
      { name: "receipt_pdu", kind: "choice", options: as("deliver_sm", "data_sm") },
      { name: "concatenation", kind: "choice", options: said("parts", "udh", "sar", "payload") },
      { name: "queue_most", kind: "number" },
      { name: "queue_hours", kind: "number" },
      { name: "receipt_seconds", kind: "switch" },
      { name: "receipt_text", kind: "switch" },
    ],
  } as const satisfies Record<string, readonly Field<Values>[]>;
}
