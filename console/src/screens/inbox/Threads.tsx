/** The list of conversations: who, what was said last, and how it stands. */
import { useMemo } from "react";
import type { usePages } from "../../api/pages";
import { type Column, List } from "../../blocks/List";
import { Phone } from "../../blocks/Num";
import { Empty } from "../../blocks/States";
import { When } from "../../blocks/When";
import { Icon } from "../../design/icons";
import { useWords } from "../../words";
import type { Conversation } from "./conversations";
import style from "./inbox.module.css";

interface Props {
  list: ReturnType<typeof usePages<Conversation>>;
  open: string | undefined;
  onOpen: (id: string) => void;
  narrowed: boolean;
}

export function Threads({ list, open, onOpen, narrowed }: Props) {
  const { say } = useWords();
  return (
    <List
      {...list}
      label={say("inbox.conversations")}
      columns={useColumns()}
      keyOf={(one) => one.id}
      onOpen={(one) => onOpen(one.id)}
      selected={open}
      height={36}
      empty={
        <Empty icon={narrowed ? "filter" : "inbox"} title={say(narrowed ? "inbox.none-found" : "inbox.none")}>
          {say(narrowed ? "inbox.none-found-more" : "inbox.none-more")}
        </Empty>
      }
    />
  );
}

export function Who({ of }: { of: Conversation }) {
  return of.contact.name ? <bdi>{of.contact.name}</bdi> : <Phone number={of.number} />;
}

function useColumns(): readonly Column<Conversation>[] {
  const { say } = useWords();
  return useMemo(
    () => [
      {
        key: "who",
        title: say("inbox.person"),
        width: "minmax(0, 220px)",
        render: (one) => (
          <span className={style.who} data-unread={one.unread > 0 || undefined}>
            <Who of={one} />
            {one.unread > 0 && <b aria-label={say("inbox.unread-count", { n: one.unread })}>{one.unread}</b>}
          </span>
        ),
      },
      { key: "last", title: say("inbox.last"), width: "minmax(0, 1fr)", narrow: "below", render: (one) => <Last of={one} /> },
      { key: "when", title: say("inbox.when"), width: "104px", end: true, render: (one) => <When at={one.last_message?.created_at ?? one.created_at} /> },
    ],
    [say],
  );
}

function Last({ of }: { of: Conversation }) {
  const { say } = useWords();
  const said = of.last_message;
  return (
    <span className={style.last}>
      {said?.direction === "mt" && <Icon name="right" size={12} title={say("inbox.we")} />}
      <bdi>{said?.text ?? (said ? say("log.blank") : say("inbox.nothing-said"))}</bdi>
      {of.status === "snoozed" && <Icon name="clock" size={13} title={say("inbox.view-snoozed")} />}
      {of.status === "closed" && <Icon name="check" size={13} title={say("inbox.view-closed")} />}
      {of.assignee && <em>{of.assignee}</em>}
      {of.labels.slice(0, 2).map((label) => (
        <em key={label} data-label>
          {label}
        </em>
      ))}
    </span>
  );
}
