// Holds the generated types to how they are meant to be used; compiled by the tests, run by nobody.
import type { components, operations } from "./api.js";

type Request = components["schemas"]["MessageRequest"];
type Message = components["schemas"]["Message"];

export const wanted: Request = { to: "+15551230100", text: "Your table is ready." };

export function ended(message: Message): boolean {
  return message.finished_at !== null;
}

export type Posted = operations["postMessage"]["responses"][202]["content"]["application/json"];
export const same = (posted: Posted): Message => posted;

// @ts-expect-error an unknown field
export const unknown: Request = { to: "+15551230100", text: "x", txt: "y" };
