/**
 * What is written in threads: typed, under way, or come back because it was refused. It goes its way whatever one looks at
 * meanwhile, one after the other in each thread, and nothing of it is lost or sent twice.
 */
import { useSyncExternalStore } from "react";
import { keyOnce } from "../../api/once";
import { Problem } from "../../api/problem";
import { session } from "../../api/session";
import { type Draft, draftOf, keepDraft } from "./drafts";

export type Kind = Draft["kind"];

export interface Underway {
  kind: Kind;
  text: string;
  /** The same for each try of the same text. */
  key: string;
  /** It was tried before, and nobody knows whether it arrived. */
  doubtful: boolean;
}

export interface Writing extends Draft {
  under: readonly Underway[];
  problem: unknown;
  /** Which of the two it is about. */
  problemOf: Kind;
}

const all = new Map<string, Writing>();
const failed = new Map<string, Underway>();
const watchers = new Map<string, Set<() => void>>();

function writingOf(id: string): Writing {
  const known = all.get(id);
  if (known) return known;
  const fresh = { ...draftOf(id), under: [], problem: null, problemOf: "reply" as const };
  all.set(id, fresh);
  return fresh;
}

export function write(id: string, change: Partial<Writing>): void {
  const next = { ...writingOf(id), ...change };
  all.set(id, next);
  // What is under way is kept too: a reload before it arrived brings it back to be sent again.
  const back = (kind: Kind) => joined([...next.under.filter((one) => one.kind === kind).map((one) => one.text), next[kind]]);
  keepDraft(id, { kind: next.kind, reply: back("reply"), note: back("note") });
  for (const tell of watchers.get(id) ?? []) tell();
}

// With signing out.
session.watch(() => {
  if (session.get()) return;
  all.clear();
  failed.clear();
});

const joined = (texts: readonly string[]) => texts.filter(Boolean).join("\n");

function watch(id: string, tell: () => void): () => void {
  const those = watchers.get(id) ?? new Set();
  watchers.set(id, those.add(tell));
  return () => those.delete(tell);
}

export function useWriting(id: string): Writing {
  return useSyncExternalStore(
    (tell) => watch(id, tell),
    () => writingOf(id),
  );
}

/** What of it is under way; typing does not change it. */
export function useUnderway(id: string): readonly Underway[] {
  return useSyncExternalStore(
    (tell) => watch(id, tell),
    () => writingOf(id).under,
  );
}

/** Sends what is typed. `deliver` throws a Problem; `unseen` is told of one when nobody looks at the thread any more. */
export function send(id: string, deliver: (one: Underway) => Promise<void>, unseen: (problem: unknown) => void): void {
  const { kind, under, ...texts } = writingOf(id);
  const text = texts[kind];
  if (!text.trim()) return;
  const before = failed.get(id);
  const same = before?.kind === kind && before.text === text;
  failed.delete(id);
  write(id, { [kind]: "", under: [...under, same ? before : { kind, text, key: keyOnce(), doubtful: false }], problem: null });
  if (!under.length) void run(id, deliver, unseen);
}

async function run(id: string, deliver: (one: Underway) => Promise<void>, unseen: (problem: unknown) => void): Promise<void> {
  for (let one = writingOf(id).under[0]; one; one = writingOf(id).under[0]) {
    try {
      await deliver(one);
      write(id, { under: writingOf(id).under.slice(1) });
    } catch (problem) {
      comeBack(id, one, problem);
      if (!watchers.get(id)?.size) unseen(problem);
    }
  }
}

/** What did not go, and what waited behind it, stands before what was typed since. */
function comeBack(id: string, one: Underway, problem: unknown): void {
  const now = writingOf(id);
  const back = (kind: Kind) => joined([...now.under.filter((each) => each.kind === kind).map((each) => each.text), now[kind]]);
  failed.set(id, { ...one, doubtful: one.doubtful || !(problem instanceof Problem) || problem.status === 0 || problem.status >= 500 });
  write(id, { problemOf: one.kind, reply: back("reply"), note: back("note"), under: [], problem });
}
