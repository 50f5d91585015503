/** Receipts that match no message: why, what they said, and what can be done: matching them again, or dropping them. */
import { Button, Modal } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { usePages } from "../api/pages";
import { Facts, Raw } from "../blocks/Facts";
import { type Filter, FilterBar, useFilters } from "../blocks/FilterBar";
import { List } from "../blocks/List";
import { Num, Phone } from "../blocks/Num";
import { Row, Screen, Stack } from "../blocks/Screen";
import { Empty } from "../blocks/States";
import { Mark, Status } from "../blocks/Status";
import { useTell } from "../blocks/tell";
import { When } from "../blocks/When";
import { Icon } from "../design/icons";
import { useWords } from "../words";
import { dropAll, type Filters, matchAll, queryOf } from "./orphans/all";

type Orphan = Schemas["Orphan"];
const LOOK_MS = 10_000;
const TONES: Record<string, "warn" | "calm" | "accent" | "good"> = { no_id: "calm", unknown_id: "warn", other_number: "warn", unsure: "accent", matches: "good" };

export default function Orphans() {
  const { say } = useWords();
  const [all] = useFilters();
  const filters = queryOf(all);
  const queries = useQueryClient();
  const list = usePages<Orphan>(["orphans", filters], (cursor, signal) => ask(api.GET("/v1/orphans", { params: { query: { ...filters, limit: 100, cursor } }, signal })), LOOK_MS);
  const [shown, show] = useState<Orphan | null>(null);
  const anew = () => void queries.invalidateQueries({ queryKey: ["orphans"] });
  const narrowed = Object.values(filters).some(Boolean);
  return (
    <Screen fill title={say("orphans.title")} bar={<FilterBar filters={useBar()} />} actions={list.rows.length > 0 && <All filters={filters} narrowed={narrowed} onDone={anew} />}>
      <List
        {...list}
        label={say("orphans.title")}
        keyOf={(one) => one.id}
        onOpen={show}
        columns={[
          { key: "from", title: say("orphans.from"), width: "146px", render: (one) => (one.from ? <Phone number={one.from} /> : say("orphans.nobody")) },
          { key: "state", title: say("orphans.state"), width: "122px", render: (one) => <Status status={one.status} /> },
          { key: "why", title: say("orphans.why"), width: "minmax(190px, 1fr)", narrow: "below", render: (one) => <Why of={one} /> },
          { key: "carrier", title: say("orphans.carrier"), width: "96px", narrow: "hide", render: (one) => one.carrier },
          { key: "id", title: say("orphans.carrier-id"), width: "minmax(0, 130px)", narrow: "hide", render: (one) => <code dir="ltr">{one.carrier_id}</code> },
          { key: "next", title: say("orphans.next"), width: "104px", end: true, narrow: "hide", render: (one) => (one.parked ? <When at={one.next_at} /> : say("orphans.no-more")) },
          { key: "came", title: say("orphans.came"), width: "96px", end: true, narrow: "hide", render: (one) => <When at={one.received_at} /> },
        ]}
        empty={
          <Empty icon="unmatched" title={say(narrowed ? "orphans.none-found" : "orphans.none")}>
            {say("orphans.none-more")}
          </Empty>
        }
      />
      <Modal opened={shown !== null} onClose={() => show(null)} size="lg" title={say("orphans.one")} closeButtonProps={{ "aria-label": say("block.close") }}>
        {shown && (
          <One
            of={shown}
            onGone={() => {
              show(null);
              anew();
            }}
          />
        )}
      </Modal>
    </Screen>
  );
}

function useBar(): readonly Filter[] {
  const { say } = useWords();
  return [
    { kind: "search", name: "from", label: say("orphans.from") },
    { kind: "text", name: "carrier", label: say("orphans.carrier") },
    { kind: "choice", name: "parked", label: say("orphans.next"), options: ["true", "false"].map((value) => ({ value, label: say(`orphans.parked-${value}`) })) },
    { kind: "moment", name: "since", label: say("orphans.since"), rare: true },
    { kind: "moment", name: "until", label: say("orphans.until"), rare: true },
  ];
}

function Why({ of }: { of: Orphan }) {
  const { say, has } = useWords();
  const key = `orphans.reason-${of.reason}`;
  return <Mark tone={TONES[of.reason] ?? "calm"}>{has(key) ? say(key) : of.reason}</Mark>;
}

/** What is done with all that the filters leave. */
function All({ filters, narrowed, onDone }: { filters: Filters; narrowed: boolean; onDone: () => void }) {
  const { say } = useWords();
  const { confirm, toast, trouble } = useTell();
  const [busy, work] = useState(false);
  async function run(deed: () => Promise<string>) {
    work(true);
    try {
      toast(await deed());
    } catch (fault) {
      trouble(fault);
    } finally {
      work(false);
      onDone();
    }
  }
  const match = () =>
    run(async () => {
      const { matched, unmatched } = await matchAll(filters);
      return say("orphans.matched", { n: matched, left: unmatched });
    });
  async function drop() {
    if (!(await confirm({ title: say("orphans.drop-ask"), text: say("orphans.drop-more"), yes: say("orphans.drop"), danger: true }))) return;
    await run(async () => say("orphans.dropped", { n: await dropAll(filters) }));
  }
  return (
    <>
      <Button variant="subtle" color="red" disabled={!narrowed || busy} title={narrowed ? undefined : say("orphans.drop-not")} onClick={drop}>
        {say("orphans.drop-all")}
      </Button>
      <Button variant="default" loading={busy} leftSection={<Icon name="again" size={13} />} onClick={match}>
        {say("orphans.match-all")}
      </Button>
    </>
  );
}

function One({ of, onGone }: { of: Orphan; onGone: () => void }) {
  const { say, has } = useWords();
  const { confirm, toast, trouble } = useTell();
  const [problem, setProblem] = useState<string | null>(null);
  async function match() {
    try {
      const { matched } = await ask(api.POST("/v1/orphans/match", { body: { orphan: of.id } }));
      if (!matched) return setProblem(say("orphans.still"));
      toast(say("orphans.matched", { n: 1, left: 0 }));
      onGone();
    } catch (fault) {
      trouble(fault);
    }
  }
  async function drop() {
    if (!(await confirm({ title: say("orphans.drop-one-ask"), text: say("orphans.drop-more"), yes: say("orphans.drop"), danger: true }))) return;
    try {
      await ask(api.DELETE("/v1/orphans/{id}", { params: { path: { id: of.id } } }));
      toast(say("orphans.dropped", { n: 1 }));
      onGone();
    } catch (fault) {
      trouble(fault);
    }
  }
  const more = `orphans.reason-${of.reason}-more`;
  return (
    <Stack>
      <Facts
        of={[
          [say("orphans.why"), <div key="why"><Why of={of} /><p>{has(more) ? say(more) : of.detail}</p></div>],
          [say("orphans.from"), of.from && <Phone number={of.from} />],
          [say("orphans.state"), <Row key="state"><Status status={of.status} /> <code dir="ltr">{of.state}</code></Row>],
          [say("orphans.error"), of.error_code && <code dir="ltr">{of.error_code}</code>],
          [say("orphans.carrier"), <bdi key="carrier">{of.bind ?? of.carrier}</bdi>],
          [say("orphans.carrier-id"), of.carrier_id && <code dir="ltr">{of.carrier_id}</code>],
          [say("orphans.other-id"), of.other_id && <code dir="ltr">{of.other_id}</code>],
          [say("orphans.tries"), <Num key="tries" n={of.tries} />],
          [say("orphans.next"), of.parked ? <When at={of.next_at} /> : say("orphans.no-more")],
          [say("orphans.came"), <When key="came" at={of.received_at} />],
        ]}
      />
      {of.raw && <Raw value={of.raw} />}
      {problem && <p role="status">{problem}</p>}
      <Row end>
        <Button variant="subtle" color="red" onClick={drop}>
          {say("orphans.drop")}
        </Button>
        <Button leftSection={<Icon name="again" size={13} />} onClick={match}>
          {say("orphans.match")}
        </Button>
      </Row>
    </Stack>
  );
}
