/** Checks a signature as a receiver would: the exact string that is signed, what was expected, and the first difference. */
import { Button, Select, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { Facts, Raw, Told } from "../blocks/Facts";
import { Form, useForm } from "../blocks/Form";
import { Num } from "../blocks/Num";
import { Card, Columns, Row, Screen } from "../blocks/Screen";
import { Mark } from "../blocks/Status";
import { useWords } from "../words";
import { headersIn } from "./webhooks/headers";

const DEFAULT = "default";
const OTHER = "other";

export default function Signature() {
  const { say } = useWords();
  const webhooks = useQuery({
    queryKey: ["webhooks", "choice"],
    queryFn: ({ signal }) => ask(api.GET("/v1/webhooks", { params: { query: { limit: 100 } }, signal })),
  });
  const [checked, setChecked] = useState<Schemas["Checked"] | null>(null);
  const form = useForm({ by: OTHER, secret: "", headers: "", body: "" }, async ({ by, secret, headers, body }) => {
    const key = by === OTHER ? { secret: secret.trim() } : by === DEFAULT ? {} : { webhook: by };
    setChecked(await ask(api.POST("/v1/webhooks/verify", { body: { ...key, headers: headersIn(headers), body } })));
  });
  const { values, set } = form;
  const choices = [
    { value: OTHER, label: say("signature.by-secret") },
    { value: DEFAULT, label: say("signature.by-default") },
    ...(webhooks.data?.data ?? []).map((one) => ({ value: one.id, label: one.url })),
  ];
  return (
    <Screen title={say("signature.title")}>
      <Columns>
        <Card title={say("signature.came")}>
          <Form form={form} label={say("signature.title")}>
            <Select label={say("signature.by")} data={choices} allowDeselect={false} value={values.by} onChange={(value) => value && set("by", value)} />
            {values.by === OTHER && <TextInput label={say("signature.secret")} placeholder="whsec_…" dir="ltr" autoComplete="off" value={values.secret} error={form.error("secret")} onChange={(event) => set("secret", event.currentTarget.value)} />}
            <Textarea label={say("signature.headers")} description={say("signature.headers-more")} dir="ltr" autosize minRows={4} maxRows={12} placeholder={"webhook-id: …\nwebhook-timestamp: …\nwebhook-signature: v1,…"} value={values.headers} error={form.error("headers")} onChange={(event) => set("headers", event.currentTarget.value)} />
            <Textarea label={say("signature.body")} description={say("signature.body-more")} dir="ltr" autosize minRows={4} maxRows={16} value={values.body} error={form.error("body")} onChange={(event) => set("body", event.currentTarget.value)} />
            <Row end>
              <Button type="submit" loading={form.sending}>
                {say("signature.check")}
              </Button>
            </Row>
          </Form>
        </Card>
        <Card title={say("signature.found")}>{checked ? <Found of={checked} /> : <p>{say("signature.found-more")}</p>}</Card>
      </Columns>
    </Screen>
  );
}

function Found({ of }: { of: Schemas["Checked"] }) {
  const { say } = useWords();
  return (
    <div role="status">
      <Facts
        of={[
          [say("signature.verdict"), <Mark key="valid" tone={of.valid ? "good" : "bad"}>{say(of.valid ? "signature.valid" : "signature.invalid")}</Mark>],
          [say("signature.problem"), of.problem && <Told text={of.problem} />],
          [say("signature.difference"), of.difference && <code dir="ltr">{of.difference}</code>],
          [say("signature.expected"), <code key="expected" dir="ltr">{of.expected}</code>],
          [say("signature.got"), of.got.length ? <code dir="ltr">{of.got.join(" ")}</code> : say("signature.got-none")],
          [say("signature.octets"), <Num key="octets" n={of.signed_octets} />],
          [say("signature.signed"), <Raw key="signed" value={of.signed} />],
        ]}
      />
    </div>
  );
}
