/** Begins a conversation with a number. */
import { Button, Modal, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { api, ask } from "../../api/client";
import { Form, useForm } from "../../blocks/Form";
import { Row } from "../../blocks/Screen";
import { useWords } from "../../words";
import { keep } from "./conversations";

interface Props {
  opened: boolean;
  onClose: () => void;
  onOpen: (id: string) => void;
}

export function NewConversation({ opened, onClose, onOpen }: Props) {
  const { say } = useWords();
  return (
    <Modal opened={opened} onClose={onClose} title={say("inbox.new")} closeButtonProps={{ "aria-label": say("block.close") }}>
      <Begin onClose={onClose} onOpen={onOpen} />
    </Modal>
  );
}

function Begin({ onClose, onOpen }: Omit<Props, "opened">) {
  const { say } = useWords();
  const queries = useQueryClient();
  const form = useForm({ to: "", from: "" }, async ({ to, from }) => {
    const body = { to: to.trim(), ...(from.trim() ? { from: from.trim() } : {}) };
    const one = await ask(api.POST("/v1/conversations", { body }));
    keep(queries, one);
    onClose();
    onOpen(one.id);
  });
  return (
    <Form form={form} label={say("inbox.new")}>
      <TextInput
        label={say("inbox.to")}
        placeholder="+1 555 123 0100"
        dir="ltr"
        data-autofocus
        value={form.values.to}
        error={form.error("to")}
        onChange={(event) => form.set("to", event.currentTarget.value)}
      />
      <TextInput
        label={say("inbox.ours")}
        placeholder={say("compose.from-default")}
        value={form.values.from}
        error={form.error("from")}
        onChange={(event) => form.set("from", event.currentTarget.value)}
      />
      <Row end>
        <Button type="submit" loading={form.sending} disabled={!form.values.to.trim()}>
          {say("inbox.begin")}
        </Button>
      </Row>
    </Form>
  );
}
