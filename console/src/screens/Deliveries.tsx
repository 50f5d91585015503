/** What was delivered to webhooks and what was not: narrowed, and sent again, one or all that the filters leave. */
import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { useRefresh } from "../api/live";
import { usePages } from "../api/pages";
import { type Filter, FilterBar, type Filters, useFilters } from "../blocks/FilterBar";
import { List } from "../blocks/List";
import { Num } from "../blocks/Num";
import { Screen } from "../blocks/Screen";
import { Empty } from "../blocks/States";
import { useTell } from "../blocks/tell";
import { When } from "../blocks/When";
import { Icon } from "../design/icons";
import { useWords } from "../words";
import { DeliveryStatus } from "./webhooks/DeliveryStatus";
import { EVENTS } from "./webhooks/events";
import { useWebhooks } from "./webhooks/names";
import { replayOf } from "./webhooks/replay";

type Delivery = Schemas["Delivery"];
const STATUSES = ["waiting", "delivered", "dead", "canceled"] as const;
const NAMES = ["webhook", "message", "status", "type", "since", "until"] as const;

export default function Deliveries() {
  const { say } = useWords();
  const [all] = useFilters();
  const filters = Object.fromEntries(NAMES.map((name) => [name, all[name] || undefined])) as Filters;
  const list = usePages<Delivery>(["deliveries", filters], (cursor, signal) =>
    ask(api.GET("/v1/webhooks/deliveries", { params: { query: { ...filters, limit: 100, cursor } as never }, signal })),
  );
  useRefresh(["message."], ["deliveries"]);
  const webhooks = useWebhooks();
  const urlOf = (id: string) => webhooks.find((one) => one.id === id)?.url ?? id;
  const gone = filters.webhook && !webhooks.some((one) => one.id === filters.webhook) ? [{ value: filters.webhook, label: filters.webhook }] : [];
  const hooks = [...webhooks.map((one) => ({ value: one.id, label: one.url })), ...gone];
  const bar: Filter[] = [
    { name: "status", label: say("deliveries.status"), kind: "choice", options: STATUSES.map((value) => ({ value, label: say(`deliveries.is-${value}`) })) },
    { name: "type", label: say("deliveries.type"), kind: "choice", options: EVENTS.filter((one) => !one.endsWith("*")).map((value) => ({ value, label: value })) },
    { name: "webhook", label: say("webhooks.one"), kind: "choice", options: hooks },
    { name: "message", label: say("deliveries.message"), kind: "text", rare: true },
    { name: "since", label: say("deliveries.since"), kind: "moment", rare: true },
    { name: "until", label: say("deliveries.until"), kind: "moment", rare: true },
  ];
  return (
    <Screen fill title={say("deliveries.title")} actions={<Again filters={filters} />} bar={<FilterBar filters={bar} />}>
      <List
        {...list}
        label={say("deliveries.title")}
        keyOf={(one) => one.id}
        to={(one) => `/deliveries/${one.id}`}
        columns={[
          { key: "type", title: say("deliveries.type"), width: "minmax(0, 200px)", render: (one) => <code>{one.type}</code> },
          { key: "status", title: say("deliveries.status"), width: "120px", render: (one) => <DeliveryStatus status={one.status} /> },
          { key: "to", title: say("deliveries.to"), width: "minmax(0, 1fr)", narrow: "below", render: (one) => <bdi>{one.webhook ? urlOf(one.webhook) : one.url}</bdi> },
          { key: "attempts", title: say("deliveries.attempts"), width: "80px", end: true, narrow: "hide", render: (one) => <Num n={one.attempts} /> },
          { key: "next", title: say("deliveries.next"), width: "120px", end: true, narrow: "hide", render: (one) => (one.next_at ? <When at={one.next_at} /> : "–") },
          { key: "made", title: say("deliveries.made"), width: "120px", end: true, narrow: "hide", render: (one) => <When at={one.created_at} /> },
        ]}
        empty={
          <Empty icon="hook" title={say("deliveries.none")}>
            {say("deliveries.none-more")}
          </Empty>
        }
      />
    </Screen>
  );
}

/** All that the filters leave and that has ended goes out again. */
function Again({ filters }: { filters: Filters }) {
  const { say } = useWords();
  const { toast, trouble, confirm } = useTell();
  const queries = useQueryClient();
  const [sending, send] = useState(false);
  const body = replayOf(filters);
  async function again() {
    if (!body) return;
    const named = Object.entries(body).map(([name, value]) => `${name} ${value}`);
    const yes = await confirm({ title: say("deliveries.again-ask"), text: say("deliveries.again-more", { what: named.join(", ") || say("deliveries.everything") }), yes: say("deliveries.again") });
    if (!yes) return;
    send(true);
    try {
      const { count } = await ask(api.POST("/v1/webhooks/replay", { body }));
      toast(say("deliveries.again-done", { n: count }));
      void queries.invalidateQueries({ queryKey: ["deliveries"] });
    } catch (fault) {
      trouble(fault);
    } finally {
      send(false);
    }
  }
  return (
    <Button variant="default" loading={sending} disabled={!body} title={body ? undefined : say("deliveries.again-not")} leftSection={<Icon name="again" />} onClick={again}>
      {say("deliveries.again-all")}
    </Button>
  );
}
