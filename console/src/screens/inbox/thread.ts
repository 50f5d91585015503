/** What stands in a thread: messages and notes in the order of their time, days between them. */
import type { Schemas } from "../../api/client";
import type { Conversation } from "./conversations";

export type Message = Schemas["Message"];
export type Note = Schemas["Note"];

export type Entry =
  | { kind: "message"; key: string; at: string; message: Message }
  | { kind: "note"; key: string; at: string; note: Note }
  | { kind: "day"; key: string; at: string };

/** Both newest first. Notes older than the oldest message that was read wait for it. */
export function entriesOf(messages: readonly Message[], notes: readonly Note[], whole: boolean): Entry[] {
  const oldest = messages.at(-1)?.created_at ?? "";
  const all: Entry[] = [
    ...messages.map((message): Entry => ({ kind: "message", key: message.id, at: message.created_at, message })),
    ...notes
      .filter((note) => whole || note.created_at >= oldest)
      .map((note): Entry => ({ kind: "note", key: note.id, at: note.created_at, note })),
  ].sort((a, b) => (a.at === b.at ? (a.key < b.key ? -1 : 1) : a.at < b.at ? -1 : 1));
  let day = "";
  return all.flatMap((entry): Entry[] => {
    const its = new Date(entry.at).toDateString();
    if (its === day) return [entry];
    day = its;
    return [{ kind: "day", key: `day-${its}`, at: entry.at }, entry];
  });
}

/** Whether a message was said in this conversation. */
export function within(one: Conversation, message: Message): boolean {
  return message.direction === "mo"
    ? message.to === one.from && one.contact.numbers.includes(message.from)
    : message.from === one.from && one.contact.numbers.includes(message.to);
}
