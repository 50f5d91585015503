/** What was typed and not sent: it stays while the console is open, whatever thread one looks at meanwhile. */
export interface Draft {
  kind: "reply" | "note";
  reply: string;
  note: string;
}

const BLANK: Draft = { kind: "reply", reply: "", note: "" };
const drafts = new Map<string, Draft>();

export function draftOf(id: string): Draft {
  return drafts.get(id) ?? BLANK;
}

export function keepDraft(id: string, draft: Draft): void {
  if (draft.reply || draft.note) drafts.set(id, draft);
  else drafts.delete(id);
}

/** The beginning of a canned reply's name that stands before the caret, behind a slash at the start of a word. */
export function slashAt(text: string, caret: number): { from: number; name: string } | null {
  const found = /(?:^|\s)\/([^\s/]*)$/.exec(text.slice(0, caret));
  return found ? { from: caret - (found[1] ?? "").length - 1, name: found[1] ?? "" } : null;
}
