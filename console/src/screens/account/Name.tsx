/** What one is called. */
import { Button, TextInput } from "@mantine/core";
import { api, ask } from "../../api/client";
import { session } from "../../api/session";
import { Form, useForm } from "../../blocks/Form";
import { Row } from "../../blocks/Screen";
import { useTell } from "../../blocks/tell";
import { useWords } from "../../words";

export function Name({ now }: { now: string }) {
  const { say } = useWords();
  const { toast } = useTell();
  const form = useForm({ name: now }, async ({ name }) => {
    const who = await ask(api.PATCH("/v1/session", { body: { name: name.trim() } }));
    session.enter(who);
    form.replace({ name: who.user.name });
    toast(say("account.name-done", { name: who.user.name }));
  });
  return (
    <Form form={form} label={say("account.name-do")}>
      <TextInput
        label={say("people.name")}
        description={say("account.name-more")}
        autoComplete="name"
        maxLength={100}
        value={form.values.name}
        error={form.error("name")}
        onChange={(event) => form.set("name", event.currentTarget.value)}
      />
      <Row end>
        <Button type="submit" variant="default" loading={form.sending} disabled={!form.values.name.trim() || form.values.name.trim() === now}>
          {say("account.name-do")}
        </Button>
      </Row>
    </Form>
  );
}
