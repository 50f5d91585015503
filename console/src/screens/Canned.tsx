/** Replies that are kept ready: made, changed and dropped. */
import { Button, Modal, Textarea, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { useMay } from "../api/session";
import { Form, useForm } from "../blocks/Form";
import { List } from "../blocks/List";
import { Row, Screen } from "../blocks/Screen";
import { Empty } from "../blocks/States";
import { useTell } from "../blocks/tell";
import { Icon } from "../design/icons";
import { useKeys } from "../frame/keys";
import { useWords } from "../words";
import { allCanned } from "./inbox/Canned";

type Reply = Schemas["Canned"];

export default function Canned() {
  const { say } = useWords();
  const query = useQuery({ queryKey: ["canned"], queryFn: ({ signal }) => allCanned(signal) });
  const [shown, show] = useState<Reply | "new" | null>(null);
  const may = useMay();
  const writes = may("send") || may("inbox");
  useKeys(writes ? { n: [say("canned.new"), () => show("new")] } : {});
  const make = writes && (
    <Button leftSection={<Icon name="plus" />} onClick={() => show("new")}>
      {say("canned.new")}
    </Button>
  );
  return (
    <Screen fill title={say("canned.title")} actions={make}>
      <List
        rows={query.data ?? []}
        loading={query.isPending}
        problem={query.error}
        again={() => void query.refetch()}
        label={say("canned.title")}
        keyOf={(one) => one.id}
        onOpen={writes ? show : undefined}
        columns={[
          { key: "name", title: say("canned.name"), width: "minmax(0, 200px)", render: (one) => <bdi>{one.name}</bdi> },
          { key: "text", title: say("canned.text"), width: "minmax(0, 1fr)", narrow: "below", render: (one) => <bdi>{one.text}</bdi> },
        ]}
        empty={
          <Empty icon="bolt" title={say("canned.none")}>
            {say("canned.none-more")}
          </Empty>
        }
      />
      <Modal opened={shown !== null} onClose={() => show(null)} title={say(shown === "new" ? "canned.new" : "canned.change")} closeButtonProps={{ "aria-label": say("block.close") }}>
        {shown && <One key={shown === "new" ? "new" : shown.id} of={shown === "new" ? null : shown} onDone={() => show(null)} />}
      </Modal>
    </Screen>
  );
}

function One({ of, onDone }: { of: Reply | null; onDone: () => void }) {
  const { say } = useWords();
  const { toast, trouble, confirm } = useTell();
  const queries = useQueryClient();
  const done = (key: string) => {
    void queries.invalidateQueries({ queryKey: ["canned"] });
    toast(say(key));
    onDone();
  };
  const form = useForm({ name: of?.name ?? "", text: of?.text ?? "" }, async (body) => {
    if (of) await ask(api.PATCH("/v1/canned-replies/{id}", { params: { path: { id: of.id } }, body }));
    else await ask(api.POST("/v1/canned-replies", { body }));
    done("canned.saved");
  });
  async function drop() {
    if (!of || !(await confirm({ title: say("canned.drop-ask", { name: of.name }), yes: say("canned.drop"), danger: true }))) return;
    try {
      await ask(api.DELETE("/v1/canned-replies/{id}", { params: { path: { id: of.id } } }));
      done("canned.dropped");
    } catch (fault) {
      trouble(fault);
    }
  }
  return (
    <Form form={form} label={say("canned.title")}>
      <TextInput label={say("canned.name")} description={say("canned.name-more")} maxLength={64} value={form.values.name} error={form.error("name")} onChange={(event) => form.set("name", event.currentTarget.value)} data-autofocus />
      <Textarea label={say("canned.text")} autosize minRows={4} maxRows={14} dir="auto" value={form.values.text} error={form.error("text")} onChange={(event) => form.set("text", event.currentTarget.value)} />
      <Row end>
        {of && (
          <Button variant="subtle" color="red" onClick={drop}>
            {say("canned.drop")}
          </Button>
        )}
        <Button type="submit" loading={form.sending} disabled={!form.values.name || !form.values.text}>
          {say("canned.save")}
        </Button>
      </Row>
    </Form>
  );
}
