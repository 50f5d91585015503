/** Where to call, and with what. */
import { Button, NumberInput, Select, Switch, TagsInput, TextInput } from "@mantine/core";
import { api, ask, type Schemas } from "../../api/client";
import { Form, useForm } from "../../blocks/Form";
import { Row } from "../../blocks/Screen";
import { useWords } from "../../words";
import { EVENTS } from "./events";

type Webhook = Schemas["Webhook"];
const REPLIES = ["json", "text", "twiml", "none"] as const;

export function WebhookForm({ of, onSaved }: { of: Webhook | null; onSaved: (webhook: Webhook) => void }) {
  const { say } = useWords();
  const blank = {
    url: of?.url ?? "",
    events: of?.events ?? [],
    description: of?.description ?? "",
    batch: of?.batch ?? 1,
    ordered: of?.ordered ?? false,
    enabled: of?.enabled ?? true,
    replies: (of?.replies ?? "json") as (typeof REPLIES)[number],
  };
  const form = useForm(blank, async (values) => {
    const body = { ...values, url: values.url.trim() };
    onSaved(
      of
        ? await ask(api.PATCH("/v1/webhooks/{id}", { params: { path: { id: of.id } }, body }))
        : await ask(api.POST("/v1/webhooks", { body })),
    );
  });
  const { values, set } = form;
  return (
    <Form form={form} label={say("webhooks.one")}>
      <TextInput label={say("webhooks.url")} placeholder="https://example.com/hooks" dir="ltr" value={values.url} error={form.error("url")} onChange={(event) => set("url", event.currentTarget.value)} data-autofocus />
      <TagsInput label={say("webhooks.events")} description={say("webhooks.events-more")} data={EVENTS} value={values.events} error={form.error("events")} onChange={(events) => set("events", events)} clearable={false} />
      <TextInput label={say("webhooks.description")} maxLength={200} dir="auto" value={values.description} error={form.error("description")} onChange={(event) => set("description", event.currentTarget.value)} />
      <NumberInput label={say("webhooks.batch")} description={say("webhooks.batch-more")} min={1} max={100} allowDecimal={false} hideControls value={values.batch} error={form.error("batch")} onChange={(value) => set("batch", Number(value) || 1)} />
      <Select label={say("webhooks.replies")} data={REPLIES.map((value) => ({ value, label: say(`senders.replies-${value}`) }))} allowDeselect={false} value={values.replies} error={form.error("replies")} onChange={(value) => value && set("replies", value as (typeof REPLIES)[number])} />
      <Switch label={say("webhooks.ordered")} checked={values.ordered} error={form.error("ordered")} onChange={(event) => set("ordered", event.currentTarget.checked)} />
      <Switch label={say("webhooks.enabled")} checked={values.enabled} error={form.error("enabled")} onChange={(event) => set("enabled", event.currentTarget.checked)} />
      <Row end>
        <Button type="submit" loading={form.sending} disabled={!values.url.trim()}>
          {say(of ? "block.save" : "webhooks.make")}
        </Button>
      </Row>
    </Form>
  );
}
