/** The inbox in memory: what is told of a conversation finds its place in every list that was read. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { useLive } from "../../api/live";
import type { Page } from "../../api/pages";
import { Problem } from "../../api/problem";

export type Conversation = Schemas["Conversation"];

/** As asked of the API. */
export interface Narrowed {
  status?: "open" | "snoozed" | "closed";
  assignee?: string;
  assigned?: "true" | "false";
  unread?: "true" | "false";
  label?: string;
  from?: string;
}

export interface Pages<T> {
  pages: Page<T>[];
  pageParams: unknown[];
}

/** Beyond that many at once, lists are read anew instead. */
const ONE_BY_ONE_MOST = 20;

export function fits(one: Conversation, narrowed: Narrowed): boolean {
  return (
    (!narrowed.status || one.status === narrowed.status) &&
    (!narrowed.assignee || one.assignee === narrowed.assignee) &&
    (!narrowed.assigned || (one.assignee !== null) === (narrowed.assigned === "true")) &&
    (!narrowed.unread || one.unread > 0 === (narrowed.unread === "true")) &&
    (!narrowed.label || one.labels.includes(narrowed.label)) &&
    (!narrowed.from || one.from === narrowed.from)
  );
}

/** Lists have the newest message first; ids made later sort later. */
function place(one: Conversation): string {
  return (one.last_message?.id ?? one.id).split("_")[1] ?? "";
}

/** A list with a conversation where it belongs now; left out where it does not, or lies beyond what was read. */
export function placed(old: Pages<Conversation>, one: Conversation, belongs: boolean): Pages<Conversation> {
  const pages = old.pages.map((page) =>
    page.data.some((row) => row.id === one.id) ? { ...page, data: page.data.filter((row) => row.id !== one.id) } : page,
  );
  if (!belongs) return { ...old, pages };
  const put = (page: number, at: number) => {
    const found = pages[page];
    if (found) pages[page] = { ...found, data: [...found.data.slice(0, at), one, ...found.data.slice(at)] };
    return { ...old, pages };
  };
  for (const [index, page] of pages.entries()) {
    const at = page.data.findIndex((row) => place(row) < place(one));
    if (at >= 0) return put(index, at);
  }
  const last = pages.length - 1;
  return pages[last]?.next_cursor === null ? put(last, pages[last].data.length) : { ...old, pages };
}

export function keep(queries: QueryClient, one: Conversation): void {
  queries.setQueryData(["conversation", one.id], one);
  for (const query of queries.getQueryCache().findAll({ queryKey: ["conversations"] })) {
    const narrowed = query.queryKey[1] as Narrowed;
    queries.setQueryData<Pages<Conversation>>(query.queryKey, (old) => old && placed(old, one, fits(one, narrowed)));
  }
}

function forget(queries: QueryClient, id: string): void {
  queries.setQueriesData<Pages<Conversation>>(
    { queryKey: ["conversations"] },
    (old) => old && { ...old, pages: old.pages.map((page) => ({ ...page, data: page.data.filter((row) => row.id !== id) })) },
  );
}

export function readConversation(id: string, signal?: AbortSignal): Promise<Conversation> {
  return ask(api.GET("/v1/conversations/{id}", { params: { path: { id } }, signal }));
}

/** Lists and threads as things stand, whoever changes them. */
export function useLiveConversations(): void {
  const queries = useQueryClient();
  useLive(["conversation."], (events) => {
    const ids = new Set(events.map((one) => String(one.data.id)));
    if (ids.size > ONE_BY_ONE_MOST) {
      void queries.invalidateQueries({ queryKey: ["conversations"] }, { cancelRefetch: false });
      void queries.invalidateQueries({ queryKey: ["conversation"] }, { cancelRefetch: false });
      return;
    }
    for (const id of ids) {
      readConversation(id).then(
        (one) => keep(queries, one),
        (fault: unknown) => {
          if (fault instanceof Problem && fault.status === 404) forget(queries, id);
          else void queries.invalidateQueries({ queryKey: ["conversations"] }, { cancelRefetch: false });
        },
      );
    }
  });
}

/** Changes a conversation; what is shown of it follows. Throws a Problem. */
export async function change(queries: QueryClient, id: string, body: Schemas["ConversationChange"]): Promise<void> {
  keep(queries, await ask(api.PATCH("/v1/conversations/{id}", { params: { path: { id } }, body })));
}
