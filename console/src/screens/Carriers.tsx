/** Carriers: how each stands at this moment; new ones are made here. */
import { Button, Modal } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../api/client";
import { List } from "../blocks/List";
import { Num } from "../blocks/Num";
import { Screen } from "../blocks/Screen";
import { Empty } from "../blocks/States";
import { Icon } from "../design/icons";
import { useKeys } from "../frame/keys";
import { useWords } from "../words";
import { CarrierForm } from "./carriers/CarrierForm";
import { CarrierMark } from "./carriers/CarrierMark";

export default function Carriers() {
  const { say } = useWords();
  const navigate = useNavigate();
  const [making, make] = useState(false);
  useKeys({ n: [say("carriers.new"), () => make(true)] });
  const list = useQuery({ queryKey: ["carriers"], queryFn: ({ signal }) => ask(api.GET("/v1/carriers", { signal })), refetchInterval: 3_000 });
  return (
    <Screen
      fill
      title={say("carriers.title")}
      actions={
        <Button leftSection={<Icon name="plus" />} onClick={() => make(true)}>
          {say("carriers.new")}
        </Button>
      }
    >
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
          { key: "source", title: say("carriers.source"), width: "110px", narrow: "hide", render: (one) => say(`carriers.source-${one.source ?? "file"}`) },
          { key: "binds", title: say("carriers.binds"), width: "130px", narrow: "hide", render: (one) => say("carriers.binds-up", { up: one.binds_up, total: one.binds_total }) },
          { key: "waits", title: say("carriers.waiting"), width: "90px", end: true, narrow: "hide", render: (one) => <Num n={one.waiting ?? 0} /> },
          { key: "why", title: say("carriers.why"), width: "minmax(0, 1fr)", narrow: "below", render: (one) => <bdi>{one.state === "up" ? one.address : (one.down_reason ?? one.address)}</bdi> },
        ]}
        empty={<Empty icon="tower" title={say("carriers.none")} />}
      />
      <Modal opened={making} onClose={() => make(false)} size="xl" title={say("carriers.new")} closeOnClickOutside={false} closeButtonProps={{ "aria-label": say("block.close") }}>
        <CarrierForm of={null} onSaved={(one) => void navigate({ to: `/carriers/${one.name}` })} />
      </Modal>
    </Screen>
  );
}
