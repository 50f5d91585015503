/** The audit log: who signed in or failed to, and who did what to people and keys, when and from where. */
import { Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { usePages } from "../api/pages";
import { Facts } from "../blocks/Facts";
import { type Filter, FilterBar, type Filters, useFilters } from "../blocks/FilterBar";
import { List } from "../blocks/List";
import { Row, Screen, Stack } from "../blocks/Screen";
import { Empty } from "../blocks/States";
import { Mark } from "../blocks/Status";
import { When } from "../blocks/When";
import { useWords } from "../words";
import style from "./Audit.module.css";
import { ACTIONS, wordOf } from "./audit/actions";
import { tells } from "./audit/tells";
import { useAccounts } from "./people/accounts";

type Entry = Schemas["AuditEntry"];
const NAMES = ["account", "action", "actor", "subject", "address", "since", "until"] as const;

export default function Audit() {
  const { say } = useWords();
  const [all] = useFilters();
  const filters = Object.fromEntries(NAMES.map((name) => [name, all[name] || undefined])) as Filters;
  const list = usePages<Entry>(["audit", filters], (cursor, signal) => ask(api.GET("/v1/audit", { params: { query: { ...filters, limit: 100, cursor } }, signal })));
  const people = usePeople(filters);
  const accounts = useAccounts();
  const [shown, show] = useState<Entry | null>(null);
  const bar: Filter[] = [
    { name: "action", label: say("audit.action"), kind: "choice", options: ACTIONS.map((value) => ({ value, label: say(`audit.is-${wordOf(value)}`) })) },
    { name: "actor", label: say("audit.actor"), kind: "choice", options: people },
    { name: "subject", label: say("audit.subject"), kind: "choice", options: people },
    { name: "address", label: say("audit.address"), kind: "text" },
    { name: "since", label: say("audit.since"), kind: "moment", rare: true },
    { name: "until", label: say("audit.until"), kind: "moment", rare: true },
    ...accounts,
  ];
  return (
    <Screen fill title={say("audit.title")} bar={<FilterBar filters={bar} />}>
      <List
        {...list}
        label={say("audit.title")}
        keyOf={(one) => one.id}
        onOpen={show}
        columns={[
          { key: "action", title: say("audit.action"), width: "minmax(0, 2fr)", render: (one) => <Deed of={one} more /> },
          { key: "actor", title: say("audit.actor"), width: "minmax(0, 1fr)", narrow: "below", render: (one) => <By of={one} /> },
          { key: "subject", title: say("audit.subject"), width: "minmax(0, 1fr)", narrow: "hide", render: (one) => <bdi>{one.subject?.name || "–"}</bdi> },
          { key: "address", title: say("audit.address"), width: "minmax(0, 150px)", narrow: "hide", render: (one) => <bdi>{one.address || "–"}</bdi> },
          { key: "when", title: say("audit.when"), width: "130px", end: true, render: (one) => <When at={one.occurred_at} /> },
        ]}
        empty={
          <Empty icon="shield" title={say("audit.none")}>
            {say("audit.none-more")}
          </Empty>
        }
      />
      <Modal opened={shown !== null} onClose={() => show(null)} title={shown && <Deed of={shown} />} closeButtonProps={{ "aria-label": say("block.close") }}>
        {shown && <One of={shown} onLeave={() => show(null)} />}
      </Modal>
    </Screen>
  );
}

/** Whom the log can be narrowed to: people there are, and whoever it is narrowed to now. */
function usePeople({ account, actor, subject }: Filters) {
  const found = useQuery({
    queryKey: ["users", "few", account],
    queryFn: ({ signal }) => ask(api.GET("/v1/users", { params: { query: { account, limit: 100 } }, signal })),
  });
  const people = (found.data?.data ?? []).map((one) => ({ value: one.id, label: one.email }));
  const gone = [...new Set([actor, subject])].filter((id): id is string => Boolean(id) && !people.some((one) => one.value === id));
  return [...people, ...gone.map((id) => ({ value: id, label: id }))];
}

/** `more`: and what it tells besides, as far as there is room. */
function Deed({ of, more = false }: { of: Entry; more?: boolean }) {
  const all = useWords();
  const { say, has } = all;
  const key = `audit.is-${wordOf(of.action)}`;
  const words = has(key) ? say(key) : of.action;
  return (
    <>
      {of.action === "session.refused" ? <Mark tone="warn">{words}</Mark> : words}
      {more && <span className={style.more}> {tells(of, all).join(" ")}</span>}
    </>
  );
}

function By({ of }: { of: Entry }) {
  const { say } = useWords();
  if (of.actor.kind === "operator" || of.actor.kind === "nobody") return <>{say(`audit.by-${of.actor.kind}`)}</>;
  return <bdi>{of.actor.name || of.actor.id}</bdi>;
}

function One({ of, onLeave }: { of: Entry; onLeave: () => void }) {
  const words = useWords();
  const { say } = words;
  return (
    <Stack>
      <Facts
        of={[
          [say("audit.when"), <When key="when" at={of.occurred_at} plain />],
          [say("audit.actor"), <By key="by" of={of} />],
          [say("audit.subject"), of.subject && <bdi>{of.subject.name || of.subject.id}</bdi>],
          [say("audit.address"), <bdi key="address">{of.address}</bdi>],
        ]}
      />
      {tells(of, words).map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      <Row>
        {of.actor.id && (
          <Link to="/audit" search={{ actor: of.actor.id } as never} onClick={onLeave}>
            {say("audit.same-actor")}
          </Link>
        )}
        {of.subject && (
          <Link to="/audit" search={{ subject: of.subject.id } as never} onClick={onLeave}>
            {say("audit.same-subject")}
          </Link>
        )}
        {of.address && (
          <Link to="/audit" search={{ address: of.address } as never} onClick={onLeave}>
            {say("audit.same-address")}
          </Link>
        )}
      </Row>
    </Stack>
  );
}
