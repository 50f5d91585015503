/** A password by the link of an invitation or a reset; then one signs in with it. */
import { Button, PasswordInput } from "@mantine/core";
import { useState } from "react";
import { api, ask } from "../../api/client";
import { Form, useForm } from "../../blocks/Form";
import { useWords } from "../../words";
import { SignInForm } from "./SignInForm";

export function Join() {
  const { say } = useWords();
  const [token] = useState(location.hash.slice(1));
  const [email, setEmail] = useState<string | null>(null);
  const form = useForm({ password: "" }, async ({ password }) => {
    const user = await ask(api.POST("/v1/password/link", { body: { token, password } }));
    history.replaceState(null, "", "/console/"); // the token is not to stay in the address
    setEmail(user.email);
  });
  if (email !== null) return <SignInForm email={email} />;
  return (
    <Form form={form} label={say("entry.join-title")}>
      <PasswordInput
        label={say("entry.password")}
        description={say("entry.password-more")}
        size="sm"
        autoComplete="new-password"
        data-autofocus
        value={form.values.password}
        error={form.error("password")}
        onChange={(event) => form.set("password", event.currentTarget.value)}
        visibilityToggleButtonProps={{ "aria-label": say("entry.show") }}
      />
      <Button type="submit" size="sm" loading={form.sending} disabled={!form.values.password || !token}>
        {say("entry.join-do")}
      </Button>
    </Form>
  );
}
