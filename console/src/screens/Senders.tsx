/** Senders: the addresses that texts come to and go out under, and what is done with texts to them. */
import { Button, Modal, Select, Textarea, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { usePages } from "../api/pages";
import { useMay } from "../api/session";
import { Form, useForm } from "../blocks/Form";
import { List } from "../blocks/List";
import { Phone } from "../blocks/Num";
import { Row, Screen } from "../blocks/Screen";
import { Empty } from "../blocks/States";
import { useTell } from "../blocks/tell";
import { Icon } from "../design/icons";
import { useKeys } from "../frame/keys";
import { useWords } from "../words";
import { useAllAccounts } from "./people/accounts";

type Sender = Schemas["Sender"];
const FORMS = ["json", "text", "twiml", "none"] as const;

export default function Senders() {
  const { say } = useWords();
  const list = usePages<Sender>(["senders"], (cursor, signal) =>
    ask(api.GET("/v1/senders", { params: { query: { limit: 100, cursor } }, signal })),
  );
  const [shown, show] = useState<Sender | "new" | null>(null);
  const may = useMay();
  const accounts = useAllAccounts();
  useKeys(may("admin") ? { n: [say("senders.new"), () => show("new")] } : {});
  return (
    <Screen
      fill
      title={say("senders.title")}
      actions={
        may("admin") && (
          <Button leftSection={<Icon name="plus" />} onClick={() => show("new")}>
            {say("senders.new")}
          </Button>
        )
      }
    >
      <List
        {...list}
        label={say("senders.title")}
        keyOf={(one) => one.address}
        onOpen={may("admin") ? show : undefined}
        columns={[
          { key: "address", title: say("senders.address"), width: "minmax(0, 190px)", render: (one) => <Address of={one.address} /> },
          { key: "label", title: say("senders.label"), width: "minmax(0, 1fr)", narrow: "below", render: (one) => <bdi>{one.label || "–"}</bdi> },
          { key: "inbox", title: say("senders.inbox"), width: "minmax(0, 1.4fr)", narrow: "hide", render: (one) => (one.inbox_url ? <code>{one.inbox_url}</code> : "–") },
          ...(accounts.length > 1
            ? [{ key: "account", title: say("senders.account"), width: "minmax(0, 150px)", narrow: "hide" as const, render: (one: Sender) => <bdi>{accounts.find((each) => each.id === one.account_id)?.name ?? one.account_id}</bdi> }]
            : []),
        ]}
        empty={
          <Empty icon="tag" title={say("senders.none")}>
            {say("senders.none-more")}
          </Empty>
        }
      />
      <Modal opened={shown !== null} onClose={() => show(null)} title={say(shown === "new" ? "senders.new" : "senders.change")} closeButtonProps={{ "aria-label": say("block.close") }}>
        {shown && <One key={shown === "new" ? "new" : shown.address} of={shown === "new" ? null : shown} onDone={() => show(null)} />}
      </Modal>
    </Screen>
  );
}

function Address({ of }: { of: string }) {
  const { say } = useWords();
  return of === "*" ? <span>{say("senders.catch-all")}</span> : <Phone number={of} />;
}

function One({ of, onDone }: { of: Sender | null; onDone: () => void }) {
  const { say } = useWords();
  const { toast, trouble, confirm } = useTell();
  const queries = useQueryClient();
  const done = (key: string) => {
    void queries.invalidateQueries({ queryKey: ["senders"] });
    toast(say(key));
    onDone();
  };
  const blank = {
    address: of?.address ?? "",
    label: of?.label ?? "",
    inbox_url: of?.inbox_url ?? "",
    inbox_replies: (of?.inbox_replies ?? "json") as (typeof FORMS)[number],
    unknown_reply: of?.unknown_reply ?? "",
  };
  const form = useForm(blank, async ({ address, ...rest }) => {
    const body = { ...rest, inbox_url: rest.inbox_url.trim() || null, unknown_reply: rest.unknown_reply || null };
    if (of) await ask(api.PATCH("/v1/senders/{address}", { params: { path: { address: of.address } }, body }));
    else await ask(api.POST("/v1/senders", { body: { address: address.trim(), ...body } }));
    done("senders.saved");
  });
  async function drop() {
    if (!of || !(await confirm({ title: say("senders.drop-ask", { address: of.address }), text: say("senders.drop-more"), yes: say("senders.drop"), danger: true }))) return;
    try {
      await ask(api.DELETE("/v1/senders/{address}", { params: { path: { address: of.address } } }));
      done("senders.dropped");
    } catch (fault) {
      trouble(fault);
    }
  }
  const { values, set } = form;
  return (
    <Form form={form} label={say("senders.one")}>
      <TextInput label={say("senders.address")} description={of ? undefined : say("senders.address-more")} dir="ltr" disabled={of !== null} value={values.address} error={form.error("address")} onChange={(event) => set("address", event.currentTarget.value)} data-autofocus={of === null || undefined} />
      <TextInput label={say("senders.label")} maxLength={100} value={values.label} error={form.error("label")} onChange={(event) => set("label", event.currentTarget.value)} />
      <TextInput label={say("senders.inbox")} description={say("senders.inbox-more")} placeholder="https://example.com/texts" dir="ltr" value={values.inbox_url} error={form.error("inbox_url")} onChange={(event) => set("inbox_url", event.currentTarget.value)} />
      {values.inbox_url && (
        <Select label={say("senders.replies")} data={FORMS.map((value) => ({ value, label: say(`senders.replies-${value}`) }))} value={values.inbox_replies} error={form.error("inbox_replies")} onChange={(value) => value && set("inbox_replies", value as (typeof FORMS)[number])} />
      )}
      <Textarea label={say("senders.unknown")} description={say("senders.unknown-more")} autosize minRows={2} maxRows={8} dir="auto" value={values.unknown_reply} error={form.error("unknown_reply")} onChange={(event) => set("unknown_reply", event.currentTarget.value)} />
      <Row end>
        {of && (
          <Button variant="subtle" color="red" onClick={drop}>
            {say("senders.drop")}
          </Button>
        )}
        <Button type="submit" loading={form.sending} disabled={!values.address.trim()}>
          {say("senders.save")}
        </Button>
      </Row>
    </Form>
  );
}
