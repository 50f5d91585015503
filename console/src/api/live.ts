/** Screens and what happens: `useLive` hears of events, and what is known of messages is kept up to date. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useSyncExternalStore } from "react";
import type { Schemas } from "./client";
import { shorten } from "./pages";
import { type Happening, stream } from "./stream";

/** Calls `handle` with batches of events whose type begins with one of `types`; `gap`: some were missed. */
export function useLive(types: readonly string[], handle: (events: readonly Happening[], gap: boolean) => void): void {
  const heard = useEffectEvent((events: readonly Happening[], gap: boolean) => {
    const wanted = events.filter((one) => types.some((type) => one.type.startsWith(type)));
    if (wanted.length || gap) handle(wanted, gap);
  });
  useEffect(() => stream.listen((events, gap) => heard(events, gap)), []);
}

export function useStreamState() {
  return useSyncExternalStore(
    (tell) => stream.watch(tell),
    () => stream.state,
  );
}

/** Reads anew, softly, what these query keys begin with: once for a batch, and not while an answer is under way. */
export function useRefresh(types: readonly string[], ...keys: readonly (readonly unknown[])[]): void {
  const queries = useQueryClient();
  useLive(types, () => {
    for (const queryKey of keys) void queries.invalidateQueries({ queryKey }, { cancelRefetch: false });
  });
}

type Message = Schemas["Message"];
interface Pages {
  pages: { data: Message[] }[];
  pageParams: unknown[];
}

/** Puts what events tell of messages into what was read of them. */
export function keepMessages(queries: QueryClient): () => void {
  return stream.listen((events, gap) => {
    if (gap) {
      shorten(queries);
      void queries.invalidateQueries();
    }
    const newest = new Map<string, Message>();
    for (const one of events) {
      if (one.type.startsWith("message.") && typeof one.data.id === "string") {
        newest.set(one.data.id, one.data as unknown as Message);
      }
    }
    if (!newest.size) return;
    queries.setQueriesData<Pages>({ queryKey: ["messages"] }, (old) => old && { ...old, pages: old.pages.map((page) => patched(page, newest)) });
    for (const [id, message] of newest) {
      queries.setQueryData<Message>(["message", id], (old) => (old ? { ...old, ...message } : old));
      void queries.invalidateQueries({ queryKey: ["explain", id] }, { cancelRefetch: false });
    }
  });
}

function patched<P extends { data: Message[] }>(page: P, newest: ReadonlyMap<string, Message>): P {
  if (!page.data.some((one) => newest.has(one.id))) return page;
  return { ...page, data: page.data.map((one) => (newest.has(one.id) ? { ...one, ...newest.get(one.id) } : one)) };
}
