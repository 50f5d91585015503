/** One's second factor: got, moved to another app, given up; and other recovery codes. */
import { Button, PasswordInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { session } from "../../api/session";
import { Form, useForm } from "../../blocks/Form";
import { Row, Stack } from "../../blocks/Screen";
import { Mark } from "../../blocks/Status";
import { useTell } from "../../blocks/tell";
import { Recovery, SecondFactor } from "../../frame/entry/SecondFactor";
import { useWords } from "../../words";

type Doing = "add" | "codes" | "remove" | null;

export function Factor({ user }: { user: Schemas["User"] }) {
  const { say } = useWords();
  const queries = useQueryClient();
  const [doing, begin] = useState<Doing>(null);
  const stop = (
    <Row end>
      <Button variant="subtle" color="gray" onClick={() => begin(null)}>
        {say("block.cancel")}
      </Button>
    </Row>
  );
  async function done() {
    session.enter(await ask(api.GET("/v1/session")));
    void queries.invalidateQueries({ queryKey: ["sessions"] });
    begin(null);
  }
  if (doing === "add") {
    return (
      <Stack>
        <SecondFactor done={done} aside={stop} />
      </Stack>
    );
  }
  return (
    <Stack>
      <p>
        <Mark tone={user.second_factor ? "good" : "calm"}>{say(user.second_factor ? "account.factor-on" : "account.factor-off")}</Mark>
      </p>
      <p>{say(user.second_factor_required ? "account.factor-must" : "account.factor-more")}</p>
      {doing ? (
        <Proved key={doing} what={doing} done={done} stop={stop} />
      ) : (
        <Row end>
          {user.second_factor && !user.second_factor_required && (
            <Button variant="subtle" color="red" onClick={() => begin("remove")}>
              {say("account.factor-remove")}
            </Button>
          )}
          {user.second_factor && (
            <Button variant="default" onClick={() => begin("codes")}>
              {say("account.factor-codes")}
            </Button>
          )}
          <Button variant={user.second_factor ? "default" : "filled"} onClick={() => begin("add")}>
            {say(user.second_factor ? "account.factor-move" : "account.factor-add")}
          </Button>
        </Row>
      )}
    </Stack>
  );
}

/** What is done only to who still knows the password. */
function Proved({ what, done, stop }: { what: "codes" | "remove"; done: () => Promise<void>; stop: React.ReactNode }) {
  const { say } = useWords();
  const { toast } = useTell();
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const form = useForm({ password: "" }, async ({ password }) => {
    const body = { password: password || null };
    if (what === "codes") return setCodes((await ask(api.POST("/v1/second-factor/recovery-codes", { body }))).recovery_codes);
    await ask(api.POST("/v1/second-factor/remove", { body }));
    toast(say("account.factor-removed"));
    await done();
  });
  if (codes) return <Recovery codes={codes} done={done} />;
  return (
    <>
      <Form form={form} label={say(`account.factor-${what}`)}>
        <PasswordInput
          label={say("account.current")}
          autoComplete="current-password"
          autoFocus
          value={form.values.password}
          error={form.error("password")}
          onChange={(event) => form.set("password", event.currentTarget.value)}
          visibilityToggleButtonProps={{ "aria-label": say("entry.show") }}
        />
        <Row end>
          <Button type="submit" color={what === "remove" ? "red" : undefined} loading={form.sending}>
            {say(`account.factor-${what}`)}
          </Button>
        </Row>
      </Form>
      {stop}
    </>
  );
}
