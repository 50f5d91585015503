/** Another password. */
import { Button, PasswordInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { api, ask } from "../../api/client";
import { Form, useForm } from "../../blocks/Form";
import { Row } from "../../blocks/Screen";
import { useTell } from "../../blocks/tell";
import { useWords } from "../../words";

const BLANK = { current: "", password: "" };

export function Password() {
  const { say } = useWords();
  const { toast } = useTell();
  const queries = useQueryClient();
  const form = useForm(BLANK, async (body) => {
    await ask(api.POST("/v1/password", { body }));
    form.replace(BLANK);
    toast(say("account.password-done"));
    void queries.invalidateQueries({ queryKey: ["sessions"] });
  });
  const field = (name: keyof typeof BLANK) => ({
    value: form.values[name],
    error: form.error(name),
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => form.set(name, event.currentTarget.value),
    visibilityToggleButtonProps: { "aria-label": say("entry.show") },
  });
  return (
    <Form form={form} label={say("account.password-do")}>
      <PasswordInput label={say("account.current")} autoComplete="current-password" {...field("current")} />
      <PasswordInput label={say("account.wanted")} description={say("account.wanted-more")} autoComplete="new-password" {...field("password")} />
      <Row end>
        <Button type="submit" loading={form.sending} disabled={!form.values.current || !form.values.password}>
          {say("account.password-do")}
        </Button>
      </Row>
    </Form>
  );
}
