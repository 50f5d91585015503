/** Carriers: how each stands at this moment. */
import { useQuery } from "@tanstack/react-query";
import { api, ask } from "../api/client";
import { List } from "../blocks/List";
import { Num } from "../blocks/Num";
import { Screen } from "../blocks/Screen";
import { Empty } from "../blocks/States";
import { useWords } from "../words";
import { CarrierMark } from "./carriers/CarrierMark";

export default function Carriers() {
  const { say } = useWords();
  const list = useQuery({ queryKey: ["carriers"], queryFn: ({ signal }) => ask(api.GET("/v1/carriers", { signal })), refetchInterval: 3_000 });
  return (
    <Screen fill title={say("carriers.title")}>
      <List
        rows={list.data?.data ?? []}
        loading={list.isPending}
        problem={list.error}
        again={() => void list.refetch()}
        label={say("carriers.title")}
        keyOf={(one) => one.name}
        to={(one) => `/carriers/${one.name}`}
        columns={[
          { key: "name", title: say("carriers.name"), width: "minmax(0, 160px)", render: (one) => one.name },
          { key: "state", title: say("carriers.state"), width: "130px", render: (one) => <CarrierMark state={one.state ?? "connecting"} /> },
          { key: "binds", title: say("carriers.binds"), width: "130px", narrow: "hide", render: (one) => say("carriers.binds-up", { up: one.binds_up, total: one.binds_total }) },
          { key: "waits", title: say("carriers.waiting"), width: "90px", end: true, narrow: "hide", render: (one) => <Num n={one.waiting ?? 0} /> },
          { key: "why", title: say("carriers.why"), width: "minmax(0, 1fr)", narrow: "below", render: (one) => <bdi>{one.state === "up" ? one.address : (one.down_reason ?? one.address)}</bdi> },
        ]}
        empty={<Empty icon="tower" title={say("carriers.none")} />}
      />
    </Screen>
  );
}
