/** Who is signed in: known from the API, which keeps the session in a cookie that no script can read. */
import { useSyncExternalStore } from "react";
import type { Schemas } from "./client";

export type Who = Schemas["Who"];

interface State {
  /** undefined: not asked yet; null: nobody. */
  who: Who | null | undefined;
  /** The session ended while somebody was at work. */
  expired: boolean;
}

let state: State = { who: undefined, expired: false };
const watchers = new Set<() => void>();

function become(next: State): void {
  state = next;
  for (const tell of watchers) tell();
}

/** Between tabs, which share the cookie: `null` where somebody signed out, else who signed in. */
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("tidings.session");
if (channel) {
  channel.onmessage = ({ data }: MessageEvent<string | null>) => {
    const mine = state.who?.user.id;
    if (data === null) become({ who: null, expired: false });
    // Calls of this tab would be theirs now.
    else if (mine && mine !== data) location.reload();
    else if (mine) become({ ...state, expired: false });
    else if (state.who === null) become({ who: undefined, expired: false });
  };
}

export const session = {
  get: () => state.who,
  /** Somebody is in, or, with null, nobody is. Another person than before sees nothing of theirs. */
  enter(who: Who | null): void {
    if (state.expired && who && state.who && who.user.id !== state.who.user.id) location.reload();
    become({ who, expired: false });
    if (who && !who.needs) channel?.postMessage(who.user.id);
  },
  /** Out, in every tab. */
  leave(): void {
    become({ who: null, expired: false });
    channel?.postMessage(null);
  },
  /** What is on the screen stays there until they sign in again. */
  expire(): void {
    if (state.who && !state.expired) become({ ...state, expired: true });
  },
  watch(tell: () => void): () => void {
    watchers.add(tell);
    return () => watchers.delete(tell);
  },
};

export function useSession(): State {
  return useSyncExternalStore(session.watch, () => state);
}

/** Whether who is signed in may do what needs this scope; roles are sets of them. */
export function useMay(): (scope: string) => boolean {
  const { who } = useSession();
  return (scope) => who?.scopes.includes(scope) ?? false;
}
