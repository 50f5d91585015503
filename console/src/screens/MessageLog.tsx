/** The message log: every text in and out, narrowed by what one knows of it. */
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { useLive } from "../api/live";
import { type Page, usePages } from "../api/pages";
import { Line } from "../blocks/Facts";
import { type Filter, FilterBar, type Filters, useFilters } from "../blocks/FilterBar";
import { type Column, List } from "../blocks/List";
import { Phone } from "../blocks/Num";
import { Screen } from "../blocks/Screen";
import { Empty } from "../blocks/States";
import { Status } from "../blocks/Status";
import { When } from "../blocks/When";
import { Icon } from "../design/icons";
import { useKeys } from "../frame/keys";
import { useWords } from "../words";
import style from "./MessageLog.module.css";

type Message = Schemas["Message"];

const STATUSES = [
  "accepted", "scheduled", "queued", "sent", "delivered", "undelivered", "failed", "expired", "rejected", "canceled", "unknown",
  "received",
] as const;
const NAMES = ["to", "from", "status", "direction", "tag", "client_ref", "since", "until"] as const;
/** Beyond that many rows that came by themselves, they are counted, and shown when asked for. */
const PUT_IN_FRONT_MOST = 500;

export default function MessageLog() {
  const { say } = useWords();
  const queries = useQueryClient();
  const [all] = useFilters();
  const filters = Object.fromEntries(NAMES.map((name) => [name, all[name] || undefined])) as Filters;
  const queryKey = ["messages", filters];
  const list = usePages<Message>(queryKey, (cursor, signal) =>
    ask(api.GET("/v1/messages", { params: { query: { ...filters, limit: 100, cursor } as never }, signal })),
  );
  const [waiting, setWaiting] = useState<ReadonlySet<string>>(new Set());
  const [atTop, setAtTop] = useState(true);

  useLive(["message."], (events) => {
    const came = new Map<string, Message>();
    for (const one of events) {
      const message = one.data as unknown as Message;
      if (one.type === "message.accepted" || one.type === "message.scheduled" || one.type === "message.received") {
        if (matches(message, filters)) came.set(message.id, message);
      } else if (came.has(message.id)) came.set(message.id, message);
    }
    const known = new Set(list.rows.slice(0, 1_000).map((one) => one.id));
    const news = [...came.values()].filter((one) => !known.has(one.id)).reverse();
    if (!news.length) return;
    if (!atTop || waiting.size || list.rows.length + news.length > 100 + PUT_IN_FRONT_MOST) {
      setWaiting((now) => new Set([...now, ...news.map((one) => one.id)]));
      return;
    }
    queries.setQueryData<{ pages: Page<Message>[]; pageParams: unknown[] }>(queryKey, (old) => {
      const [first, ...rest] = old?.pages ?? [];
      return old && first ? { ...old, pages: [{ ...first, data: [...news, ...first.data] }, ...rest] } : old;
    });
  });

  function showWaiting() {
    setWaiting(new Set());
    void queries.resetQueries({ queryKey });
  }
  useKeys({ r: [say("log.reload"), showWaiting] });

  const narrowed = NAMES.some((name) => filters[name]);
  return (
    <Screen
      fill
      title={say("log.title")}
      actions={
        <Button component={Link} to="/compose" leftSection={<Icon name="pen" />}>
          {say("log.compose")}
        </Button>
      }
      bar={<FilterBar filters={useLogFilters()} />}
    >
      {waiting.size > 0 && (
        <button type="button" className={style.news} onClick={showWaiting}>
          <Icon name="up" size={13} /> {say("log.news", { n: waiting.size })}
        </button>
      )}
      <List
        {...list}
        label={say("log.title")}
        columns={useColumns()}
        keyOf={(one) => one.id}
        to={(one) => `/messages/${one.id}`}
        onTop={setAtTop}
        empty={
          narrowed ? (
            <Empty icon="filter" title={say("log.none-found")}>
              {say("log.none-found-more")}
            </Empty>
          ) : (
            <Empty
              icon="list"
              title={say("log.none")}
              action={
                <Button component={Link} to="/compose">
                  {say("log.compose")}
                </Button>
              }
            >
              {say("log.none-more")}
            </Empty>
          )
        }
      />
    </Screen>
  );
}

/** Whether a message that came belongs on this list, as the API would say. */
export function matches(message: Message, filters: Filters): boolean {
  return (
    (!filters.status || message.status === filters.status) &&
    (!filters.direction || message.direction === filters.direction) &&
    (!filters.to || message.to === filters.to) &&
    (!filters.from || message.from === filters.from) &&
    (!filters.client_ref || message.client_ref === filters.client_ref) &&
    (!filters.tag || message.tags.includes(filters.tag)) &&
    (!filters.since || message.created_at >= filters.since) &&
    (!filters.until || message.created_at <= filters.until)
  );
}

function useLogFilters(): readonly Filter[] {
  const { say } = useWords();
  return [
    { kind: "search", name: "to", label: say("log.filter-to") },
    { kind: "text", name: "from", label: say("log.filter-from") },
    {
      kind: "choice",
      name: "status",
      label: say("log.status"),
      options: STATUSES.map((value) => ({ value, label: say(`status.${value}`) })),
    },
    {
      kind: "choice",
      name: "direction",
      label: say("log.direction"),
      options: ["mt", "mo"].map((value) => ({ value, label: say(`log.${value}`) })),
    },
    { kind: "text", name: "tag", label: say("log.tag"), rare: true },
    { kind: "text", name: "client_ref", label: say("log.client-ref"), rare: true },
    { kind: "moment", name: "since", label: say("log.since"), rare: true },
    { kind: "moment", name: "until", label: say("log.until"), rare: true },
  ];
}

function useColumns(): readonly Column<Message>[] {
  const { say } = useWords();
  return useMemo(
    () => [
      {
        key: "number",
        title: say("log.number"),
        width: "minmax(160px, 190px)",
        render: (one) => (
          <span className={style.number}>
            <span className={style.way} data-way={one.direction}>
              <Icon name={one.direction === "mo" ? "left" : "right"} size={12} title={say(`log.${one.direction}`)} />
            </span>
            <Phone number={one.direction === "mo" ? one.from : one.to} />
          </span>
        ),
      },
      { key: "status", title: say("log.status"), width: "112px", render: (one) => <Status status={one.status} /> },
      {
        key: "text",
        title: say("log.text"),
        width: "minmax(0, 1fr)",
        narrow: "below",
        render: (one) => (one.text === null ? <i className={style.blank}>{say("log.blank")}</i> : <Line text={one.text} />),
      },
      { key: "sender", title: say("log.ours"), width: "136px", narrow: "hide", render: (one) => <Phone number={one.direction === "mo" ? one.to : one.from} /> },
      { key: "carrier", title: say("log.carrier"), width: "92px", narrow: "hide", render: (one) => one.carrier ?? "–" },
      { key: "when", title: say("log.when"), width: "104px", end: true, render: (one) => <When at={one.created_at} /> },
    ],
    [say],
  );
}
