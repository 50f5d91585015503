/** The inbox: who wrote, what was said, and the answer. A list beside a thread; on a phone one or the other. */
import { Button, SegmentedControl } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask } from "../api/client";
import { useMe } from "../api/me";
import { useMay } from "../api/session";
import { usePages } from "../api/pages";
import { type Filter, FilterBar, type Filters, useFilters } from "../blocks/FilterBar";
import { Screen } from "../blocks/Screen";
import { Empty } from "../blocks/States";
import { Icon } from "../design/icons";
import { useWords } from "../words";
import { type Conversation, type Narrowed, useLiveConversations } from "./inbox/conversations";
import { Found } from "./inbox/Found";
import style from "./inbox/inbox.module.css";
import { NewConversation } from "./inbox/NewConversation";
import { Person } from "./inbox/Person";
import { Thread } from "./inbox/Thread";
import { Threads } from "./inbox/Threads";

const VIEWS = ["open", "snoozed", "closed", "all"] as const;

export function narrowedBy(filters: Filters, me: string): Narrowed {
  const status = filters.status ?? "open";
  const who = filters.who;
  return {
    ...(status === "all" ? {} : { status: status as Narrowed["status"] }),
    ...(who === "nobody" ? { assigned: "false" } : who === "me" && me ? { assignee: me } : {}),
    ...(filters.assignee ? { assignee: filters.assignee } : {}),
    ...(filters.unread ? { unread: "true" } : {}),
    ...(filters.label ? { label: filters.label } : {}),
    ...(filters.from ? { from: filters.from } : {}),
  };
}

export default function Inbox() {
  const { say } = useWords();
  const me = useMe();
  const navigate = useNavigate();
  const [filters, set] = useFilters();
  const narrowed = narrowedBy(filters, me);
  const known = useInboxFilters(me);
  const [beside, setBeside] = useState(false);
  const may = useMay();
  const answers = may("send") || may("inbox");
  const [making, setMaking] = useState(false);
  useLiveConversations();
  const list = usePages<Conversation>(["conversations", narrowed], (cursor, signal) =>
    ask(api.GET("/v1/conversations", { params: { query: { ...narrowed, limit: 100, cursor } }, signal })),
  );
  const open = filters.open;
  const alone = useMediaQuery("(max-width: 760px)") && open !== undefined;
  const show = (id: string | undefined) => {
    const search = Object.fromEntries(Object.entries({ ...filters, open: id }).filter(([, value]) => value));
    void navigate({ to: ".", search: search as never });
  };
  return (
    <Screen
      fill
      title={say("inbox.title")}
      actions={
        !alone && answers && (
          <Button leftSection={<Icon name="pen" />} onClick={() => setMaking(true)}>
            {say("inbox.new")}
          </Button>
        )
      }
      bar={!alone && <FilterBar filters={known} />}
    >
      <div className={style.inbox} data-open={open !== undefined || undefined} data-beside={beside || undefined}>
        <section className={style.pane} aria-label={say("inbox.conversations")}>
          <div className={style.views}>
            <SegmentedControl
              fullWidth
              aria-label={say("inbox.status")}
              data={VIEWS.map((value) => ({ value, label: say(`inbox.view-${value}`) }))}
              value={filters.status ?? "open"}
              onChange={(value) => set({ status: value === "open" ? undefined : value })}
            />
          </div>
          {filters.q ? (
            <Found q={filters.q} open={open} onOpen={show} />
          ) : (
            <Threads list={list} open={open} onOpen={show} narrowed={filters.status !== undefined || Object.keys(narrowed).length > 1} />
          )}
        </section>
        {open ? (
          <Thread key={open} id={open} seen={list.rows} onBack={() => show(undefined)} beside={beside} onBeside={() => setBeside(!beside)} />
        ) : (
          <div className={style.nothing}>
            <Empty icon="inbox" title={say("inbox.choose")}>
              {say("inbox.choose-more")}
            </Empty>
          </div>
        )}
        {open && beside && <Person key={`${open}-person`} id={open} onClose={() => setBeside(false)} />}
      </div>
      <NewConversation opened={making} onClose={() => setMaking(false)} onOpen={show} />
    </Screen>
  );
}

function useInboxFilters(me: string): readonly Filter[] {
  const { say } = useWords();
  return [
    { kind: "search", name: "q", label: say("inbox.search") },
    {
      kind: "choice",
      name: "who",
      label: say("inbox.who"),
      options: [...(me ? [{ value: "me", label: say("inbox.mine") }] : []), { value: "nobody", label: say("inbox.unassigned") }],
    },
    { kind: "choice", name: "unread", label: say("inbox.read-or-not"), options: [{ value: "true", label: say("inbox.unread") }] },
    { kind: "text", name: "label", label: say("inbox.label"), rare: true },
    { kind: "text", name: "assignee", label: say("inbox.assignee"), rare: true },
    { kind: "text", name: "from", label: say("inbox.ours"), rare: true },
  ];
}
