/** Webhooks: who is told of what happens, and whether they answer. */
import { Button, Modal } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { usePages } from "../api/pages";
import { List } from "../blocks/List";
import { Screen } from "../blocks/Screen";
import { Empty } from "../blocks/States";
import { When } from "../blocks/When";
import { Icon } from "../design/icons";
import { useKeys } from "../frame/keys";
import { useWords } from "../words";
import { Secret } from "./webhooks/Secret";
import { Standing } from "./webhooks/Standing";
import { WebhookForm } from "./webhooks/WebhookForm";

type Webhook = Schemas["Webhook"];

export default function Webhooks() {
  const { say } = useWords();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const list = usePages<Webhook>(["webhooks"], (cursor, signal) => ask(api.GET("/v1/webhooks", { params: { query: { limit: 100, cursor } }, signal })));
  const [adding, add] = useState(false);
  const [made, setMade] = useState<Webhook | null>(null);
  useKeys({ n: [say("webhooks.new"), () => add(true)] });
  const close = () => {
    add(false);
    setMade(null);
    if (made) void navigate({ to: `/webhooks/${made.id}` });
  };
  return (
    <Screen
      fill
      title={say("webhooks.title")}
      actions={
        <>
          <Button variant="default" component={Link} to="/deliveries" leftSection={<Icon name="list" />}>
            {say("deliveries.title")}
          </Button>
          <Button variant="default" component={Link} to="/signature" leftSection={<Icon name="shield" />}>
            {say("signature.title")}
          </Button>
          <Button leftSection={<Icon name="plus" />} onClick={() => add(true)}>
            {say("webhooks.new")}
          </Button>
        </>
      }
    >
      <List
        {...list}
        label={say("webhooks.title")}
        keyOf={(one) => one.id}
        to={(one) => `/webhooks/${one.id}`}
        columns={[
          { key: "url", title: say("webhooks.url"), width: "minmax(0, 2fr)", render: (one) => <bdi>{one.url}</bdi> },
          { key: "state", title: say("webhooks.state"), width: "130px", render: (one) => <Standing of={one} /> },
          { key: "events", title: say("webhooks.events"), width: "minmax(0, 1.4fr)", narrow: "below", render: (one) => (one.events.length ? <bdi>{one.events.join(", ")}</bdi> : say("webhooks.all")) },
          { key: "made", title: say("webhooks.made"), width: "110px", end: true, narrow: "hide", render: (one) => <When at={one.created_at} /> },
        ]}
        empty={
          <Empty icon="hook" title={say("webhooks.none")}>
            {say("webhooks.none-more")}
          </Empty>
        }
      />
      <Modal opened={adding} onClose={close} size="lg" title={say("webhooks.new")} closeOnClickOutside={!made} closeButtonProps={{ "aria-label": say("block.close") }}>
        {made?.secret ? (
          <Secret secret={made.secret} previousUntil={null} onDone={close} />
        ) : (
          <WebhookForm
            of={null}
            onSaved={(one) => {
              setMade(one);
              void queries.invalidateQueries({ queryKey: ["webhooks"] });
            }}
          />
        )}
      </Modal>
    </Screen>
  );
}
