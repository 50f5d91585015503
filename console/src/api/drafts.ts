/**
 * What was typed and not sent: it stays in its tab, over screens and reloads, for the person who typed it alone, and goes
 * when they sign out.
 */
import { session } from "./session";

const PLACE = "tidings.drafts";
/** The oldest give way. */
export const DRAFTS_MOST = 50;
/** Of all together, in characters. */
export const DRAFTS_LONGEST = 500_000;
const WRITTEN_AFTER_MS = 250;

interface Held {
  user: string;
  /** The one changed last comes last. */
  drafts: [name: string, draft: unknown][];
}

let user = "";
let drafts = new Map<string, unknown>();
let timer: ReturnType<typeof setTimeout> | undefined;

export function draftFor<T>(name: string): T | undefined {
  return mine().get(name) as T | undefined;
}

/** `undefined`: there is nothing to keep any more. */
export function keepFor(name: string, draft: unknown): void {
  const all = mine();
  all.delete(name);
  if (draft !== undefined) all.set(name, draft);
  clearTimeout(timer);
  timer = setTimeout(write, WRITTEN_AFTER_MS);
}

export function forgetDrafts(): void {
  clearTimeout(timer);
  drafts = new Map();
  user = "";
  sessionStorage.removeItem(PLACE);
}

/** Those of who is signed in; another person's are dropped. */
function mine(): Map<string, unknown> {
  const now = session.get()?.user.id ?? "";
  if (user !== now) {
    const held = read();
    user = now;
    drafts = new Map(held?.user === now ? held.drafts : []);
  }
  return drafts;
}

function read(): Held | null {
  try {
    return JSON.parse(sessionStorage.getItem(PLACE) ?? "null") as Held | null;
  } catch {
    return null; // of another version, or no longer whole: then there is none
  }
}

function write(): void {
  clearTimeout(timer);
  if (!user) return;
  const fitting: Held["drafts"] = [];
  let room = DRAFTS_LONGEST;
  for (const one of [...drafts].reverse().slice(0, DRAFTS_MOST)) {
    room -= JSON.stringify(one).length;
    if (room < 0) break;
    fitting.unshift(one);
  }
  if (fitting.length) sessionStorage.setItem(PLACE, JSON.stringify({ user, drafts: fitting } satisfies Held));
  else sessionStorage.removeItem(PLACE);
}

addEventListener("pagehide", write);
