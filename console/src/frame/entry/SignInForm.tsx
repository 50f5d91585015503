/** E-mail address and password; the code of the second factor when the password was right and there is one. */
import { Button, Modal, PasswordInput, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { api, ask } from "../../api/client";
import { Problem } from "../../api/problem";
import { session, useSession } from "../../api/session";
import { Form, useForm } from "../../blocks/Form";
import { Stack } from "../../blocks/Screen";
import { useTell } from "../../blocks/tell";
import { useWords } from "../../words";
import { useSetup } from "./how";
import { signOut } from "./leave";
import { ByOidc } from "./Oidc";
import style from "./Entry.module.css";

export function SignInForm({ email = "" }: { email?: string }) {
  const { say } = useWords();
  const [second, setSecond] = useState(false);
  const form = useForm({ email, password: "", code: "" }, async ({ email, password, code }) => {
    const body = { email: email.trim(), password, ...(second && code.trim() ? { code: code.trim() } : {}) };
    try {
      session.enter(await ask(api.POST("/v1/session", { body })));
    } catch (fault) {
      if (!(fault instanceof Problem) || fault.code !== "second_factor_needed" || second) throw fault;
      setSecond(true);
    }
  });
  const { values, set } = form;
  return (
    <Form form={form} label={say("entry.title")}>
      <TextInput
        type="email"
        label={say("entry.email")}
        size="sm"
        autoComplete="username"
        data-autofocus={email ? undefined : true}
        value={values.email}
        error={form.error("email")}
        onChange={(event) => set("email", event.currentTarget.value)}
      />
      <PasswordInput
        label={say("entry.password")}
        size="sm"
        autoComplete="current-password"
        data-autofocus={email ? true : undefined}
        value={values.password}
        error={form.error("password")}
        onChange={(event) => set("password", event.currentTarget.value)}
        visibilityToggleButtonProps={{ "aria-label": say("entry.show") }}
      />
      {second && (
        <TextInput
          label={say("entry.code")}
          description={say("entry.code-more")}
          size="sm"
          inputMode="numeric"
          autoComplete="one-time-code"
          autoFocus
          value={values.code}
          error={form.error("code")}
          onChange={(event) => set("code", event.currentTarget.value)}
        />
      )}
      <Button type="submit" size="sm" loading={form.sending} disabled={!values.email || !values.password || (second && !values.code)}>
        {say("entry.enter")}
      </Button>
    </Form>
  );
}

/** Over the screen, which stays as it is, with all that was typed on it. */
export function SignInAgain() {
  const { say } = useWords();
  const { who, expired } = useSession();
  const { trouble } = useTell();
  const oidc = useSetup().data?.oidc;
  useEffect(() => {
    // Another tab may have signed in meanwhile.
    const look = () => void ask(api.GET("/v1/session")).then(session.enter, () => undefined);
    addEventListener("focus", look);
    return () => removeEventListener("focus", look);
  }, []);
  return (
    <Modal opened={expired} onClose={() => signOut().catch(trouble)} title={say("entry.again")} closeButtonProps={{ "aria-label": say("frame.sign-out") }}>
      <p className={style.more}>{say("entry.again-more")}</p>
      <Stack>
        <SignInForm email={who?.user.email} />
        {oidc && <ByOidc name={oidc} elsewhere />}
      </Stack>
    </Modal>
  );
}
