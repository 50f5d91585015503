/** What a key is called and how far it goes. Its scope is chosen once. */
import { Button, NumberInput, Select, TextInput } from "@mantine/core";
import { api, ask, type Schemas } from "../../api/client";
import { localOf, momentOf } from "../../blocks/FilterBar";
import { Form, useForm } from "../../blocks/Form";
import { Row } from "../../blocks/Screen";
import { useWords } from "../../words";
import { wordsIn } from "./words-in";

type Key = Schemas["Key"];
const SCOPES = ["send+read", "send", "read", "admin"] as const;

interface Props {
  of: Key | null;
  onSaved: (key: Key) => void;
  onIssued: (issued: Schemas["KeyIssued"]) => void;
}

export function KeyForm({ of, onSaved, onIssued }: Props) {
  const { say } = useWords();
  const blank = {
    name: of?.name ?? "",
    scope: (of?.scope ?? "send+read") as (typeof SCOPES)[number],
    senders: of?.senders.join(", ") ?? "",
    networks: of?.networks.join(", ") ?? "",
    expires_at: of?.expires_at ? localOf(of.expires_at) : "",
    rate: (of?.rate ?? "") as number | "",
    daily_quota: (of?.daily_quota ?? "") as number | "",
  };
  const form = useForm(blank, async ({ scope, ...rest }) => {
    const bounds = {
      name: rest.name.trim(),
      senders: wordsIn(rest.senders, ","),
      networks: wordsIn(rest.networks, ", "),
      expires_at: momentOf(rest.expires_at) || null,
      rate: rest.rate === "" ? null : rest.rate,
      daily_quota: rest.daily_quota === "" ? null : rest.daily_quota,
    };
    if (of) onSaved(await ask(api.PATCH("/v1/keys/{id}", { params: { path: { id: of.id } }, body: bounds })));
    else onIssued(await ask(api.POST("/v1/keys", { body: { ...bounds, scope } })));
  });
  const { values, set } = form;
  const typed = (name: "name" | "senders" | "networks") => ({
    label: say(`api-keys.${name}`),
    description: say(`api-keys.${name}-more`),
    value: values[name],
    error: form.error(name),
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => set(name, event.currentTarget.value),
  });
  const counted = (name: "rate" | "daily_quota") => ({
    label: say(`api-keys.${name}`),
    value: values[name],
    error: form.error(name),
    min: 0,
    allowNegative: false,
    hideControls: true,
    onChange: (value: number | string) => set(name, typeof value === "number" ? value : ""),
  });
  return (
    <Form form={form} label={say("api-keys.one")}>
      <TextInput {...typed("name")} maxLength={64} dir="auto" data-autofocus />
      {!of && (
        <Select
          label={say("api-keys.scope")}
          description={say(`api-keys.scope-${values.scope.replace("+", "-and-")}-more`)}
          data={SCOPES.map((value) => ({ value, label: say(`api-keys.scope-${value.replace("+", "-and-")}`) }))}
          allowDeselect={false}
          value={values.scope}
          error={form.error("scope")}
          onChange={(value) => value && set("scope", value as (typeof SCOPES)[number])}
        />
      )}
      <TextInput {...typed("senders")} dir="ltr" />
      <TextInput {...typed("networks")} dir="ltr" placeholder="192.0.2.0/24" />
      <TextInput type="datetime-local" label={say("api-keys.expires")} description={say("api-keys.expires-more")} value={values.expires_at} error={form.error("expires_at")} onChange={(event) => set("expires_at", event.currentTarget.value)} />
      <NumberInput {...counted("rate")} />
      <NumberInput {...counted("daily_quota")} allowDecimal={false} />
      <Row end>
        <Button type="submit" loading={form.sending} disabled={!values.name.trim()}>
          {say(of ? "block.save" : "api-keys.make")}
        </Button>
      </Row>
    </Form>
  );
}
