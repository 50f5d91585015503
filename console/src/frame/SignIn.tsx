/** The way in: at the start, and again over what is on the screen when a session ended. */
import { Button, Modal, PasswordInput } from "@mantine/core";

import { Problem } from "../api/problem";
import { session } from "../api/session";
import { Form, useForm } from "../blocks/Form";
import { useWords } from "../words";
import { Brand } from "./Shell";
import style from "./SignIn.module.css";

function KeyForm() {
  const { say } = useWords();
  const form = useForm({ key: "" }, async ({ key }) => {
    const entered = key.trim();
    if (!/^[\x21-\x7e]+$/.test(entered)) throw new Problem(401, "unauthorized", say("sign-in.no-key"), "");
    const headers = { Authorization: `Bearer ${entered}` };
    const answer = await fetch("/v1/messages?limit=1", { headers }).catch(() => {
      throw new Problem(0, "unreachable", "", "");
    });
    if (answer.status === 401) throw new Problem(401, "unauthorized", say("sign-in.wrong-key"), say("sign-in.wrong-key-more"));
    session.enter({ key: entered });
  });
  return (
    <Form form={form} label={say("sign-in.title")}>
      <PasswordInput
        label={say("sign-in.key")}
        description={say("sign-in.key-more")}
        size="sm"
        autoComplete="off"
        data-autofocus
        value={form.values.key}
        onChange={(event) => form.set("key", event.currentTarget.value)}
        visibilityToggleButtonProps={{ "aria-label": say("sign-in.show") }}
      />
      <Button type="submit" size="sm" loading={form.sending} disabled={!form.values.key}>
        {say("sign-in.enter")}
      </Button>
    </Form>
  );
}

export function SignIn() {
  const { say } = useWords();
  return (
    <main className={style.page}>
      <div className={style.card}>
        <Brand />
        <h1>{say("sign-in.title")}</h1>
        <KeyForm />
      </div>
    </main>
  );
}

/** Over the screen, which stays as it is, with all that was typed on it. */
export function SignInAgain({ opened }: { opened: boolean }) {
  const { say } = useWords();
  return (
    <Modal opened={opened} onClose={() => session.leave()} title={say("sign-in.again")} closeButtonProps={{ "aria-label": say("frame.sign-out") }}>
      <p className={style.more}>{say("sign-in.again-more")}</p>
      <KeyForm />
    </Modal>
  );
}
