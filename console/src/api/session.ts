/** Who is signed in. For now an API key, kept for this tab alone and forgotten with it. */
import { useSyncExternalStore } from "react";

export interface Session {
  key: string;
}

type State = { session: Session | null; /** The key stopped working while somebody was at work. */ expired: boolean };

const KEPT = "tidings.key";
const kept = typeof sessionStorage === "undefined" ? null : sessionStorage.getItem(KEPT);
let state: State = { session: kept ? { key: kept } : null, expired: false };
const watchers = new Set<() => void>();

function become(next: State): void {
  state = next;
  for (const tell of watchers) tell();
}

export const session = {
  get: () => state.session,
  enter(entered: Session): void {
    sessionStorage.setItem(KEPT, entered.key);
    become({ session: entered, expired: false });
  },
  /** What is on the screen stays there until somebody signs in again. */
  expire(): void {
    if (state.session && !state.expired) become({ ...state, expired: true });
  },
  leave(): void {
    sessionStorage.removeItem(KEPT);
    become({ session: null, expired: false });
  },
  watch(tell: () => void): () => void {
    watchers.add(tell);
    return () => watchers.delete(tell);
  },
};

export function useSession(): State {
  return useSyncExternalStore(session.watch, () => state);
}
