/** The first owner: the code that `tidings up` shows, and who they are. */
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { api, ask } from "../../api/client";
import { session } from "../../api/session";
import { Form, useForm } from "../../blocks/Form";
import { useWords } from "../../words";

export function Setup() {
  const { say } = useWords();
  const fromLink = location.hash.slice(1);
  const form = useForm({ code: fromLink, name: "", email: "", password: "" }, async (values) => {
    const who = await ask(api.POST("/v1/setup", { body: { ...values, code: values.code.trim(), email: values.email.trim() } }));
    history.replaceState(null, "", "/console/"); // the code is not to stay in the address
    session.enter(who);
  });
  const { values, set } = form;
  return (
    <Form form={form} label={say("entry.setup-title")}>
      {(!fromLink || form.problem !== null) && (
        <TextInput
          label={say("entry.setup-code")}
          description={say("entry.setup-code-more")}
          size="sm"
          autoComplete="off"
          value={values.code}
          error={form.error("code")}
          onChange={(event) => set("code", event.currentTarget.value)}
        />
      )}
      <TextInput
        label={say("entry.name")}
        size="sm"
        autoComplete="name"
        value={values.name}
        error={form.error("name")}
        onChange={(event) => set("name", event.currentTarget.value)}
      />
      <TextInput
        type="email"
        label={say("entry.email")}
        size="sm"
        autoComplete="username"
        value={values.email}
        error={form.error("email")}
        onChange={(event) => set("email", event.currentTarget.value)}
      />
      <PasswordInput
        label={say("entry.password")}
        description={say("entry.password-more")}
        size="sm"
        autoComplete="new-password"
        value={values.password}
        error={form.error("password")}
        onChange={(event) => set("password", event.currentTarget.value)}
        visibilityToggleButtonProps={{ "aria-label": say("entry.show") }}
      />
      <Button type="submit" size="sm" loading={form.sending} disabled={!values.code || !values.name || !values.email || !values.password}>
        {say("entry.setup-do")}
      </Button>
    </Form>
  );
}
