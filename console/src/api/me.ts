/** What the one at this browser is called, as assignees and authors of notes are: in words of theirs, until they change it. */
import { useSyncExternalStore } from "react";

const KEPT = "tidings.me";
const watchers = new Set<() => void>();

export function setMe(name: string): void {
  if (name) localStorage.setItem(KEPT, name);
  else localStorage.removeItem(KEPT);
  for (const tell of watchers) tell();
}

export function useMe(): string {
  return useSyncExternalStore(
    (tell) => (watchers.add(tell), () => watchers.delete(tell)),
    () => localStorage.getItem(KEPT) ?? "",
  );
}
