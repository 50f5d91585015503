/** API keys: made with bounds and shown once, rotated, ended; what each may do and when it was last used. */
import { Button, Modal } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { usePages } from "../api/pages";
import { Facts } from "../blocks/Facts";
import { List } from "../blocks/List";
import { Num } from "../blocks/Num";
import { Row, Screen, Stack } from "../blocks/Screen";
import { Empty } from "../blocks/States";
import { Mark } from "../blocks/Status";
import { useTell } from "../blocks/tell";
import { now, When } from "../blocks/When";
import { Icon } from "../design/icons";
import { useKeys } from "../frame/keys";
import { useWords } from "../words";
import { Issued } from "./keys/Issued";
import { KeyForm } from "./keys/KeyForm";

type Key = Schemas["Key"];
const DAY_S = 86_400;

export default function Keys() {
  const { say } = useWords();
  const { toast } = useTell();
  const queries = useQueryClient();
  const list = usePages<Key>(["keys"], (cursor, signal) => ask(api.GET("/v1/keys", { params: { query: { limit: 100, cursor } }, signal })));
  const [shown, show] = useState<Key | "new" | null>(null);
  const [issued, setIssued] = useState<Schemas["KeyIssued"] | null>(null);
  const anew = () => void queries.invalidateQueries({ queryKey: ["keys"] });
  const close = () => {
    show(null);
    setIssued(null);
  };
  const took = (one: Schemas["KeyIssued"]) => {
    setIssued(one);
    anew();
  };
  useKeys({ n: [say("api-keys.new"), () => show("new")] });
  const title = issued ? issued.name : shown === "new" ? say("api-keys.new") : (shown?.name ?? "");
  return (
    <Screen
      fill
      title={say("api-keys.title")}
      actions={
        <Button leftSection={<Icon name="plus" />} onClick={() => show("new")}>
          {say("api-keys.new")}
        </Button>
      }
    >
      <List
        {...list}
        label={say("api-keys.title")}
        keyOf={(one) => one.id}
        onOpen={show}
        columns={[
          { key: "name", title: say("api-keys.name"), width: "minmax(0, 1.4fr)", render: (one) => <bdi>{one.name}</bdi> },
          { key: "state", title: say("api-keys.state"), width: "110px", render: (one) => <Standing of={one} /> },
          { key: "scope", title: say("api-keys.scope"), width: "130px", narrow: "below", render: (one) => say(`api-keys.scope-${one.scope.replace("+", "-and-")}`) },
          { key: "senders", title: say("api-keys.senders"), width: "minmax(0, 1fr)", narrow: "hide", render: (one) => <Any of={one.senders} /> },
          { key: "networks", title: say("api-keys.networks"), width: "minmax(0, 1fr)", narrow: "hide", render: (one) => <Any of={one.networks} /> },
          { key: "used", title: say("api-keys.used"), width: "130px", end: true, narrow: "hide", render: (one) => (one.last_used_at ? <When at={one.last_used_at} /> : say("api-keys.never")) },
        ]}
        empty={<Empty icon="key" title={say("api-keys.none")} />}
      />
      <Modal opened={shown !== null} onClose={close} size="lg" title={<bdi>{title}</bdi>} closeOnClickOutside={!issued} closeButtonProps={{ "aria-label": say("block.close") }}>
        {issued ? (
          <Issued issued={issued} onDone={close} />
        ) : shown === "new" ? (
          <KeyForm of={null} onIssued={took} onSaved={close} />
        ) : (
          shown && (
            <One
              key={shown.id}
              of={shown}
              onIssued={took}
              onSaved={(one) => {
                anew();
                show(one);
                toast(say("api-keys.saved"));
              }}
            />
          )
        )}
      </Modal>
    </Screen>
  );
}

function Any({ of }: { of: readonly string[] }) {
  const { say } = useWords();
  return of.length ? <bdi>{of.join(", ")}</bdi> : <>{say("api-keys.any")}</>;
}

/** Revoked, over, in the midst of a rotation, or good. */
export function standingOf(key: Pick<Key, "revoked_at" | "expires_at" | "rotating_until">, at: number) {
  if (key.revoked_at) return "revoked";
  if (key.expires_at && Date.parse(key.expires_at) <= at) return "over";
  return key.rotating_until && Date.parse(key.rotating_until) > at ? "rotating" : "good";
}

function Standing({ of }: { of: Key }) {
  const { say } = useWords();
  const state = standingOf(of, now());
  const tone = { revoked: "calm", over: "warn", rotating: "accent", good: "good" } as const;
  return <Mark tone={tone[state]}>{say(`api-keys.is-${state}`)}</Mark>;
}

function One({ of, onSaved, onIssued }: { of: Key; onSaved: (key: Key) => void; onIssued: (issued: Schemas["KeyIssued"]) => void }) {
  const { say } = useWords();
  const { confirm, trouble } = useTell();
  const [changing, change] = useState(false);
  const path = { id: of.id };

  async function rotate(overlap_s: number) {
    if (!overlap_s && !(await confirm({ title: say("api-keys.rotate-ask"), text: say("api-keys.rotate-more"), yes: say("api-keys.rotate-now"), danger: true }))) return;
    try {
      onIssued(await ask(api.POST("/v1/keys/{id}/rotate", { params: { path }, body: { overlap_s } })));
    } catch (fault) {
      trouble(fault);
    }
  }
  async function revoke() {
    if (!(await confirm({ title: say("api-keys.revoke-ask", { name: of.name }), text: say("api-keys.revoke-more"), yes: say("api-keys.revoke"), danger: true }))) return;
    try {
      onSaved(await ask(api.DELETE("/v1/keys/{id}", { params: { path } })));
    } catch (fault) {
      trouble(fault);
    }
  }
  if (changing) {
    return (
      <KeyForm
        of={of}
        onIssued={onIssued}
        onSaved={(one) => {
          change(false);
          onSaved(one);
        }}
      />
    );
  }
  return (
    <Stack>
      <Facts
        of={[
          [say("api-keys.state"), <Standing key="state" of={of} />],
          [say("api-keys.id"), <code key="id">{of.id}</code>],
          [say("api-keys.scope"), say(`api-keys.scope-${of.scope.replace("+", "-and-")}`)],
          [say("api-keys.senders"), <Any key="senders" of={of.senders} />],
          [say("api-keys.networks"), <Any key="networks" of={of.networks} />],
          [say("api-keys.rate"), of.rate !== null && <Num n={of.rate} />],
          [say("api-keys.daily_quota"), of.daily_quota !== null && <Num n={of.daily_quota} />],
          [say("api-keys.created"), <When key="created" at={of.created_at} />],
          [say("api-keys.used"), of.last_used_at ? <When at={of.last_used_at} /> : say("api-keys.never")],
          [say("api-keys.expires"), of.expires_at && <When at={of.expires_at} />],
          [say("api-keys.old-until"), of.rotating_until && <When at={of.rotating_until} />],
          [say("api-keys.is-revoked"), of.revoked_at && <When at={of.revoked_at} />],
        ]}
      />
      {!of.revoked_at && (
        <Row end>
          <Button variant="subtle" color="red" onClick={revoke}>
            {say("api-keys.revoke")}
          </Button>
          <Button variant="default" onClick={() => void rotate(0)}>
            {say("api-keys.rotate-now")}
          </Button>
          <Button variant="default" onClick={() => void rotate(DAY_S)}>
            {say("api-keys.rotate-day")}
          </Button>
          <Button onClick={() => change(true)}>{say("api-keys.change")}</Button>
        </Row>
      )}
    </Stack>
  );
}
