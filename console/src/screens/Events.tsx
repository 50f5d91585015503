/** What happens, as it happens: the events that webhooks are told, from the stream that all tabs share. */
import { Button, Modal } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useDeferredValue, useMemo, useState } from "react";
import { useLive } from "../api/live";
import type { Happening } from "../api/stream";
import { Copy } from "../blocks/Copy";
import { Facts, Line, Raw } from "../blocks/Facts";
import { type Filter, FilterBar, useFilters } from "../blocks/FilterBar";
import { type Column, List } from "../blocks/List";
import { Phone } from "../blocks/Num";
import { Row, Screen, Stack } from "../blocks/Screen";
import { Empty, Notice } from "../blocks/States";
import { Mark, toneOf } from "../blocks/Status";
import { exact, now, When } from "../blocks/When";
import { Icon } from "../design/icons";
import { useKeys } from "../frame/keys";
import { useWords } from "../words";
import { came, type Held, missed, MOST, narrowed, NOTHING, released } from "./events/held";
import style from "./MessageLog.module.css";
import { EVENTS } from "./webhooks/events";

export default function Events() {
  const { say } = useWords();
  const [{ type, q }] = useFilters();
  const [held, set] = useState<Held>(NOTHING);
  const [paused, pause] = useState(false);
  const [atTop, setAtTop] = useState(true);
  const [shown, show] = useState<Happening | null>(null);
  // Whoever reads further down reads on in peace.
  const holding = paused || !atTop;
  useLive([""], (events, gap) => set((before) => came(gap ? missed(before, now()) : before, events, holding)));
  function go() {
    pause(false);
    set(released);
  }
  const turn = () => (paused ? go() : pause(true));
  useKeys({ x: [say(paused ? "events.go-on" : "events.pause"), turn] });

  // Typing and scrolling go before drawing what came.
  const rows = useDeferredValue(held.rows);
  const found = useMemo(() => narrowed(rows, type, q), [rows, type, q]);
  const columns = useColumns();
  const bar: Filter[] = [
    { kind: "search", name: "q", label: say("events.seek") },
    { kind: "choice", name: "type", label: say("events.type"), options: EVENTS.map((value) => ({ value, label: value })) },
  ];
  return (
    <Screen
      fill
      title={say("events.title")}
      aside={held.rows.length > 0 && say("events.kept", { n: found.length, most: MOST })}
      bar={<FilterBar filters={bar} />}
      actions={
        <>
          <Button variant="subtle" color="gray" disabled={!held.rows.length} onClick={() => set(NOTHING)}>
            {say("events.clear")}
          </Button>
          <Button variant={paused ? "filled" : "default"} leftSection={<Icon name={paused ? "play" : "pause"} size={13} />} aria-pressed={paused} onClick={turn}>
            {say(paused ? "events.go-on" : "events.pause")}
          </Button>
        </>
      }
    >
      {held.missed !== null && <Notice title={say("events.missed", { at: new Date(held.missed).toLocaleTimeString() })}>{say("events.missed-more")}</Notice>}
      {held.waited > 0 && (
        <button type="button" className={style.news} onClick={go}>
          <Icon name="up" size={13} /> {say("events.came", { n: held.waited })}
        </button>
      )}
      <List
        rows={found}
        label={say("events.title")}
        keyOf={(one) => one.id}
        columns={columns}
        onOpen={show}
        onTop={(top) => {
          setAtTop(top);
          if (top && !paused) set(released);
        }}
        empty={
          <Empty icon="pulse" title={say(held.rows.length ? "events.none-found" : "events.none")}>
            {say(held.rows.length ? "events.none-found-more" : "events.none-more")}
          </Empty>
        }
      />
      <Modal opened={shown !== null} onClose={() => show(null)} size="xl" title={<code>{shown?.type}</code>} closeButtonProps={{ "aria-label": say("block.close") }}>
        {shown && <One of={shown} />}
      </Modal>
    </Screen>
  );
}

const text = (of: Happening, name: string) => (typeof of.data[name] === "string" ? (of.data[name] as string) : null);

function useColumns(): readonly Column<Happening>[] {
  const { say, locale } = useWords();
  return useMemo(() => {
    const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" });
    return [
      { key: "at", title: say("events.at"), width: "116px", render: (one) => <time dateTime={one.occurred_at}>{clock.format(Date.parse(one.occurred_at))}</time> },
      { key: "type", title: say("events.type"), width: "190px", render: (one) => <Mark tone={toneOf(one.type.slice(one.type.indexOf(".") + 1))}>{one.type}</Mark> },
      { key: "number", title: say("events.number"), width: "150px", narrow: "hide", render: (one) => <Number of={one} /> },
      { key: "text", title: say("events.text"), width: "minmax(0, 1fr)", narrow: "below", render: (one) => <Line text={text(one, "text") ?? text(one, "number") ?? text(one, "id") ?? ""} /> },
      { key: "carrier", title: say("events.carrier"), width: "100px", narrow: "hide", render: (one) => text(one, "carrier") ?? "–" },
    ];
  }, [say, locale]);
}

/** The handset's. */
function Number({ of }: { of: Happening }) {
  const number = of.type.startsWith("conversation.") ? text(of, "number") : text(of, of.data.direction === "mo" ? "from" : "to");
  return number ? <Phone number={number} /> : <>–</>;
}

function One({ of }: { of: Happening }) {
  const { say, locale } = useWords();
  const id = text(of, "id");
  return (
    <Stack>
      <Facts
        of={[
          [say("events.at"), <Row key="at"><span>{exact(Date.parse(of.occurred_at), locale, true)}</span> · <When at={of.occurred_at} /></Row>],
          [say("events.id"), <code key="id">{of.id}</code>],
          [say("events.message"), id?.startsWith("msg_") && <Link to={`/messages/${id}`}>{id}</Link>],
        ]}
      />
      <Raw value={of} />
      <Row end>
        <Copy wide text={() => JSON.stringify(of, null, 2)} what={say("events.the-event")} />
      </Row>
    </Stack>
  );
}
