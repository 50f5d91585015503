/** Write a text to one or many, and see before sending what it becomes. */
import { Button, Select, Textarea, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { draftFor, keepFor } from "../api/drafts";
import { useOnce } from "../api/once";
import { localOf, momentOf } from "../blocks/FilterBar";
import { Form, useForm } from "../blocks/Form";
import { Card, Columns, Row, Screen, Stack } from "../blocks/Screen";
import { useTell } from "../blocks/tell";
import { now } from "../blocks/When";
import { Icon } from "../design/icons";
import { useWords } from "../words";
import { Outcome, type Sent } from "./compose/Outcome";
import { Preview } from "./compose/Preview";
import { recipientsOf } from "./compose/recipients";
import style from "./compose/compose.module.css";
import { sendMany } from "./compose/send";

export interface Draft {
  to: string;
  from: string;
  text: string;
  category: NonNullable<Schemas["MessageRequest"]["category"]>;
  send_at: string;
}

const CATEGORIES = ["transactional", "otp", "conversation", "marketing"] as const;
const BLANK: Draft = { to: "", from: "", text: "", category: "transactional", send_at: "" };
const DRAFT = "compose";

export function bodyOf(draft: Draft, to: string) {
  return {
    to,
    text: draft.text,
    category: draft.category,
    ...(draft.from.trim() ? { from: draft.from.trim() } : {}),
    ...(draft.send_at ? { send_at: draft.send_at } : {}),
  };
}

export default function Compose() {
  const { say } = useWords();
  const { toast } = useTell();
  const navigate = useNavigate();
  const [sent, setSent] = useState<Sent | null>(null);
  const once = useOnce();
  const form = useForm<Draft>(draftFor<Draft>(DRAFT) ?? BLANK, async (draft) => {
    const { numbers } = recipientsOf(draft.to);
    if (numbers.length > 1) {
      setSent(await sendMany(draft, numbers, once.keyOf({ draft })));
    } else {
      const body = bodyOf(draft, numbers[0] ?? draft.to);
      const params = { header: { "Idempotency-Key": once.keyOf(body) } };
      const message = await ask(api.POST("/v1/messages", { params, body }));
      toast(say(message.status === "scheduled" ? "compose.scheduled" : "compose.sent"));
      void navigate({ to: `/messages/${message.id}` });
    }
    once.done();
    // What was typed meanwhile stays.
    if (draftFor<Draft>(DRAFT) === draft) keepFor(DRAFT, undefined);
  });
  const { values, set } = form;
  useEffect(() => {
    if (values !== BLANK) keepFor(DRAFT, values);
  }, [values]);
  const { numbers, odd } = recipientsOf(values.to);

  if (sent) {
    const again = () => {
      form.replace(BLANK);
      setSent(null);
    };
    return (
      <Screen title={say("compose.title")}>
        <Outcome sent={sent} again={again} />
      </Screen>
    );
  }
  return (
    <Screen title={say("compose.title")}>
      <Columns>
        <Card>
          <Form form={form} label={say("compose.title")}>
            <Textarea
              label={say("compose.to")}
              description={
                numbers.length > 1 ? say("compose.recipients", { n: numbers.length }) : say("compose.to-more")
              }
              autosize
              minRows={1}
              maxRows={6}
              value={values.to}
              error={form.error("to") ?? (odd.length ? say("compose.odd", { n: odd.length, first: odd[0] ?? "" }) : undefined)}
              onChange={(event) => set("to", event.currentTarget.value)}
              placeholder="+1 555 123 0100"
              dir="ltr"
              autoFocus
            />
            <Textarea
              label={say("compose.text")}
              autosize
              minRows={5}
              maxRows={16}
              value={values.text}
              error={form.error("text")}
              onChange={(event) => set("text", event.currentTarget.value)}
              dir="auto"
            />
            <div className={style.options}>
              <TextInput
                label={say("compose.from")}
                placeholder={say("compose.from-default")}
                value={values.from}
                error={form.error("from")}
                onChange={(event) => set("from", event.currentTarget.value)}
              />
              <Select
                label={say("compose.category")}
                data={CATEGORIES.map((value) => ({ value, label: say(`category.${value}`) }))}
                value={values.category}
              error={form.error("category")}
                onChange={(value) => value && set("category", value as Draft["category"])}
              />
              <TextInput
                type="datetime-local"
                label={say("compose.send-at")}
                value={localOf(values.send_at)}
                min={localOf(new Date(now()).toISOString())}
                error={form.error("send_at")}
                onChange={(event) => set("send_at", momentOf(event.currentTarget.value))}
              />
            </div>
            <Row end>
              <Button
                type="submit"
                size="sm"
                loading={form.sending}
                disabled={!values.text || !values.to.trim()}
                leftSection={<Icon name={values.send_at ? "clock" : "send"} />}
              >
                {numbers.length > 1
                  ? say(values.send_at ? "compose.schedule-many" : "compose.send-many", { n: numbers.length })
                  : say(values.send_at ? "compose.schedule" : "compose.send")}
              </Button>
            </Row>
          </Form>
        </Card>
        <Stack>
          <Preview draft={values} to={numbers[0] ?? values.to} many={numbers.length} />
        </Stack>
      </Columns>
    </Screen>
  );
}
