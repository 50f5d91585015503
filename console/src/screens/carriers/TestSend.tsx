/** One text through a carrier whatever the routes say, and what it taught. */
import { Button, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { Facts, Said, Told } from "../../blocks/Facts";
import { Form, useForm } from "../../blocks/Form";
import { Num } from "../../blocks/Num";
import { Row, Stack } from "../../blocks/Screen";
import { Status } from "../../blocks/Status";
import { Trouble } from "../../blocks/States";
import { useWords } from "../../words";
import style from "./carriers.module.css";
import { Learned } from "./Learned";

export function TestSend({ of }: { of: Schemas["CarrierState"] }) {
  const { say } = useWords();
  const [message, setMessage] = useState<string | null>(null);
  const form = useForm({ to: "" }, async ({ to }) => {
    const begun = await ask(api.POST("/v1/carriers/{name}/test", { params: { path: { name: of.name } }, body: { to: to.trim() } }));
    setMessage(begun.message);
  });
  return (
    <Stack>
      <Form form={form} label={say("carriers.test")}>
        <TextInput label={say("carriers.test-to")} description={say("carriers.test-more")} dir="ltr" inputMode="tel" value={form.values.to} error={form.error("to")} onChange={(event) => form.set("to", event.currentTarget.value)} />
        <Row end>
          <Button type="submit" variant="default" loading={form.sending} disabled={!form.values.to.trim()}>
            {say("carriers.test-send")}
          </Button>
        </Row>
      </Form>
      {message && <Outcome of={of} message={message} />}
    </Stack>
  );
}

function Outcome({ of, message }: { of: Schemas["CarrierState"]; message: string }) {
  const { say } = useWords();
  const test = useQuery({
    queryKey: ["carrier-test", of.name, message],
    queryFn: ({ signal }) => ask(api.GET("/v1/carriers/{name}/test/{id}", { params: { path: { name: of.name, id: message } }, signal })),
    refetchInterval: (query) => (query.state.data?.done ? false : 1_000),
  });
  const one = test.data;
  if (!one) return <Trouble problem={test.error} />;
  return (
    <Stack>
      <div role="status">
        <Facts
          of={[
            [say("carriers.test-status"), <Status key="status" status={one.status} />],
            [say("carriers.test-message"), <Link key="message" to={`/messages/${message}`}>{message}</Link>],
            [say("carriers.test-text"), one.text !== null && <Said text={one.text} />],
            [say("carriers.test-response"), one.response_ms !== null && <Num n={one.response_ms} unit="millisecond" />],
            [say("carriers.test-receipt"), one.receipt_ms !== null && <Num n={one.receipt_ms} unit="millisecond" />],
          ]}
        />
        {one.notes.length > 0 && (
          <ul className={style.notes} aria-label={say("carriers.test-notes")}>
            {one.notes.map((note) => (
              <li key={note}>
                <Told text={note} />
              </li>
            ))}
          </ul>
        )}
      </div>
      {one.done && one.status === "delivered" && <Learned carrier={of} test={one} />}
    </Stack>
  );
}
