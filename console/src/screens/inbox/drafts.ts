/** What was typed into a thread and not sent. */
import { draftFor, keepFor } from "../../api/drafts";

export interface Draft {
  kind: "reply" | "note";
  reply: string;
  note: string;
}

const BLANK: Draft = { kind: "reply", reply: "", note: "" };

export function draftOf(id: string): Draft {
  return draftFor<Draft>(id) ?? BLANK;
}

export function keepDraft(id: string, draft: Draft): void {
  keepFor(id, draft.reply || draft.note ? draft : undefined);
}

/** The beginning of a canned reply's name that stands before the caret, behind a slash at the start of a word. */
export function slashAt(text: string, caret: number): { from: number; name: string } | null {
  const found = /(?:^|\s)\/([^\s/]*)$/.exec(text.slice(0, caret));
  return found ? { from: caret - (found[1] ?? "").length - 1, name: found[1] ?? "" } : null;
}
