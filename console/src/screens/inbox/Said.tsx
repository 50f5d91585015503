/** What was said and noted, oldest above; it stays at the newest, and reads older as one scrolls up. */
import { Link } from "@tanstack/react-router";
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { memo, useRef } from "react";
import { api, ask } from "../../api/client";
import { useLive } from "../../api/live";
import { type Page, usePages } from "../../api/pages";
import { useMay } from "../../api/session";
import { Said as Text } from "../../blocks/Facts";
import { Failure, Loading, Trouble } from "../../blocks/States";
import { toneOf } from "../../blocks/Status";
import { When } from "../../blocks/When";
import { Icon, type IconName } from "../../design/icons";
import { useWords } from "../../words";
import type { Conversation, Pages } from "./conversations";
import style from "./inbox.module.css";
import { type Entry, entriesOf, type Message, type Note, within } from "./thread";
import { useUnderway } from "./writing";

const TICKS: Record<string, IconName> = {
  accepted: "clock",
  scheduled: "calendar",
  queued: "clock",
  sent: "check",
  delivered: "checks",
  unknown: "info",
  canceled: "cross",
};

const keyOf = (id: string) => ["messages", "thread", id];

/** Puts a message that is new at the end of its thread. */
export function addMessage(queries: QueryClient, id: string, message: Message): void {
  queries.setQueryData<Pages<Message>>(keyOf(id), (old) => {
    const [first, ...rest] = old?.pages ?? [];
    if (!old || !first || old.pages.some((page) => page.data.some((one) => one.id === message.id))) return old;
    return { ...old, pages: [{ ...first, data: [message, ...first.data] }, ...rest] };
  });
}

export function Said({ of }: { of: Conversation }) {
  const { say } = useWords();
  const queries = useQueryClient();
  const scroller = useRef<HTMLDivElement>(null);
  const id = of.id;
  const under = useUnderway(id);
  const list = usePages<Message>(keyOf(id), (cursor, signal) =>
    ask(api.GET("/v1/conversations/{id}/messages", { params: { path: { id }, query: { limit: 50, cursor } }, signal })),
  );
  const notes = useQuery({
    queryKey: ["notes", id],
    queryFn: ({ signal }) =>
      ask(api.GET("/v1/conversations/{id}/notes", { params: { path: { id }, query: { limit: 100 } }, signal })) as Promise<Page<Note>>,
  });
  useLive(["message.accepted", "message.scheduled", "message.received", "message.rejected"], (events) => {
    for (const event of events) {
      const message = event.data as unknown as Message;
      if (within(of, message)) addMessage(queries, id, message);
    }
  });
  if (list.loading) {
    return (
      <div className={style.said}>
        <Loading lines={8} />
      </div>
    );
  }
  if (list.problem && !list.rows.length) {
    return (
      <div className={style.said}>
        <Failure problem={list.problem} again={list.again} />
      </div>
    );
  }
  const entries = entriesOf(list.rows, notes.data?.data ?? [], !list.hasMore);
  function onScroll() {
    const box = scroller.current;
    // The scroller is turned round: 0 is at the end, and it counts down.
    if (box && list.hasMore && box.scrollHeight + box.scrollTop - box.clientHeight < 400) list.more();
  }
  return (
    <div className={style.said} ref={scroller} onScroll={onScroll} tabIndex={0} role="log" aria-label={say("inbox.messages")}>
      <ol>
        {list.hasMore && (
          <li>
            <button type="button" className={style.earlier} onClick={list.more}>
              {say(list.loadingMore ? "block.loading-more" : "inbox.earlier")}
            </button>
          </li>
        )}
        {notes.error ? (
          <li>
            <Trouble problem={notes.error} />
          </li>
        ) : null}
        {entries.map((entry) => (
          <One key={entry.key} entry={entry} />
        ))}
        {under.map((one) => (
          <li key={one.key} className={one.kind === "note" ? style.note : style.bubble} data-by="us" data-underway>
            <Text text={one.text} by={one.kind === "note" ? undefined : "us"} />
            <small>{say("inbox.underway")}</small>
          </li>
        ))}
        {!entries.length && !under.length && <li className={style.day}>{say("inbox.nothing-said")}</li>}
      </ol>
    </div>
  );
}

/** Entries are made anew with each reading; what they show is not. */
function shown(entry: Entry): unknown {
  return entry.kind === "message" ? entry.message : entry.kind === "note" ? entry.note : entry.key;
}

const One = memo(OneEntry, (before, after) => shown(before.entry) === shown(after.entry));

function OneEntry({ entry }: { entry: Entry }) {
  const { say, locale } = useWords();
  if (entry.kind === "day") {
    return <li className={style.day}>{new Intl.DateTimeFormat(locale, { dateStyle: "full" }).format(Date.parse(entry.at))}</li>;
  }
  if (entry.kind === "note") {
    return (
      <li className={style.note}>
        <Icon name="note" size={14} title={say("inbox.note")} />
        <div>
          <Text text={entry.note.text} />
          <small>
            {entry.note.author && <bdi>{entry.note.author}</bdi>} <When at={entry.at} />
          </small>
        </div>
      </li>
    );
  }
  const { message } = entry;
  const ours = message.direction === "mt";
  return (
    <li className={style.bubble} data-by={ours ? "us" : "them"}>
      {message.text === null ? <p className={style.blank}>{say("log.blank")}</p> : <Text text={message.text} by={ours ? "us" : "them"} />}
      <small>
        {ours && message.category !== "conversation" && <span>{say(`category.${message.category}`)}</span>}
        <When at={entry.at} />
        <Ticks of={message} />
      </small>
    </li>
  );
}

/** How far it came, with the reason where it went wrong; leads to its story. */
function Ticks({ of }: { of: Message }) {
  const { say } = useWords();
  const word = say(`status.${of.status}`);
  const why = of.error?.detail;
  const bad = toneOf(of.status) === "bad";
  const may = useMay();
  const ticks = (
    <>
      {of.direction === "mt" && <Icon name={TICKS[of.status] ?? "lost"} size={14} />}
      {of.direction === "mo" && <Icon name={why ? "lost" : "dots"} size={14} />}
      {bad && word}
    </>
  );
  const told = why ? `${word}: ${why}` : word;
  const looks = { className: style.ticks, "data-tone": toneOf(of.status), "data-status": of.status, "data-tip": told };
  // Its story is for those who may read messages.
  if (!may("read")) {
    return (
      <span {...looks}>
        {ticks}
        <span className="heard">{told}</span>
      </span>
    );
  }
  return (
    <Link to={`/messages/${of.id}`} aria-label={told} {...looks}>
      {ticks}
    </Link>
  );
}
