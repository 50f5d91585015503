/** A new password for a customer, and how long the one of now goes on. */
import { Button, PasswordInput, Select } from "@mantine/core";
import { api, ask, type Schemas } from "../../api/client";
import { Form, useForm } from "../../blocks/Form";
import { Row } from "../../blocks/Screen";
import { useWords } from "../../words";
import type { Customer } from "./standing";

const OVERLAPS = { none: 0, hour: 3_600, day: 86_400, week: 604_800 } as const;

export function NewPassword({ of, onMade }: { of: Customer; onMade: (one: Schemas["EsmeEnrolled"]) => void }) {
  const { say } = useWords();
  const form = useForm({ overlap_s: "day" as keyof typeof OVERLAPS, password: "" }, async ({ overlap_s, password }) => {
    const body = { overlap_s: OVERLAPS[overlap_s], password: password || null };
    onMade(await ask(api.POST("/v1/esmes/{id}/rotate", { params: { path: { id: of.id } }, body })));
  });
  const { values, set } = form;
  return (
    <Form form={form} label={say("customers.rotate")}>
      <Select
        label={say("customers.overlap")}
        description={say(values.overlap_s === "none" ? "customers.overlap-none-more" : "customers.overlap-more")}
        data={Object.keys(OVERLAPS).map((value) => ({ value, label: say(`customers.overlap-is-${value}`) }))}
        value={values.overlap_s}
        error={form.error("overlap_s")}
        onChange={(next) => next && set("overlap_s", next as keyof typeof OVERLAPS)}
      />
      <PasswordInput label={say("customers.field-password")} description={say("customers.more-password")} dir="ltr" maxLength={64} autoComplete="new-password" value={values.password} error={form.error("password")} onChange={(event) => set("password", event.currentTarget.value)} />
      <Row end>
        <Button type="submit" loading={form.sending}>
          {say("customers.rotate-do")}
        </Button>
      </Row>
    </Form>
  );
}
