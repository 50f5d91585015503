/** How much is unread, as the title of the tab tells. */
import { useSyncExternalStore } from "react";

let unread = 0;
const watchers = new Set<() => void>();

/** Told by whoever knows: the inbox. */
export function setUnread(count: number): void {
  unread = count;
  for (const tell of watchers) tell();
}

export function useUnread(): number {
  return useSyncExternalStore(
    (tell) => (watchers.add(tell), () => watchers.delete(tell)),
    () => unread,
  );
}
