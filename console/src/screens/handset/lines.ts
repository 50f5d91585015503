/** A phone's thread: what it got and what it sent, in the order of their time. */
import type { Schemas } from "../../api/client";

export interface Line {
  key: string;
  at: string;
  text: string;
  /** The number at the other end. */
  other: string;
  mine: boolean;
}

type Got = Pick<Schemas["HandsetText"], "from" | "text" | "received_at" | "message_ids">;
type Sent = Pick<Schemas["Message"], "id" | "to" | "text" | "created_at">;

export function linesOf(got: readonly Got[], sent: readonly Sent[]): Line[] {
  return [
    ...got.map((one): Line => ({ key: `got-${one.message_ids.join()}`, at: one.received_at, text: one.text, other: one.from, mine: false })),
    ...sent.map((one): Line => ({ key: one.id, at: one.created_at, text: one.text ?? "", other: one.to, mine: true })),
  ].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}
