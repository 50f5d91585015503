/** A person as a form: a new one, or one that is kept. */
import { Button, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { Form, useForm } from "../../blocks/Form";
import { Row } from "../../blocks/Screen";
import { useTell } from "../../blocks/tell";
import { useWords } from "../../words";
import { FieldRows, fieldsChange, fieldsOf } from "./fields";

type Contact = Schemas["Contact"];

interface Props {
  of?: Contact;
  onKept: (kept: Contact) => void;
  /** Beside the button that saves. */
  children?: ReactNode;
}

export function ContactForm({ of, onKept, children }: Props) {
  const { say } = useWords();
  const { toast } = useTell();
  const queries = useQueryClient();
  const known = of?.fields ?? {};
  const blank = { name: of?.name ?? "", numbers: [...(of?.numbers ?? [])], tags: [...(of?.tags ?? [])], notes: of?.notes ?? "", fields: fieldsOf(known) };
  const form = useForm(blank, async (values) => {
    const fields = fieldsChange(known, values.fields);
    const kept = of
      ? await ask(api.PATCH("/v1/contacts/{id}", { params: { path: { id: of.id } }, body: { ...values, fields } }))
      : await ask(api.POST("/v1/contacts", { body: { ...values, fields: fields as never } }));
    void queries.invalidateQueries({ queryKey: ["contacts"] });
    queries.setQueryData(["contact", kept.id], kept);
    form.replace({ ...values, fields: fieldsOf(kept.fields) });
    toast(say("contacts.saved"));
    onKept(kept);
  });
  const { values, set } = form;
  return (
    <Form form={form} label={say("contacts.one")}>
      <TextInput label={say("contacts.name")} maxLength={200} value={values.name} error={form.error("name")} onChange={(event) => set("name", event.currentTarget.value)} data-autofocus />
      <TagsInput
        label={say("contacts.numbers")}
        description={of ? undefined : say("contacts.numbers-more")}
        value={values.numbers}
        error={form.error("numbers")}
        onChange={(numbers) => set("numbers", numbers)}
        acceptValueOnBlur
        splitChars={[",", ";"]}
        dir="ltr"
      />
      <TagsInput label={say("contacts.tags")} value={values.tags} error={form.error("tags")} onChange={(tags) => set("tags", tags)} acceptValueOnBlur />
      <Textarea label={say("contacts.notes")} autosize minRows={2} maxRows={8} value={values.notes} error={form.error("notes")} onChange={(event) => set("notes", event.currentTarget.value)} />
      <FieldRows rows={values.fields} onChange={(fields) => set("fields", fields)} error={form.error("fields")} />
      <Row end>
        {children}
        <Button type="submit" loading={form.sending}>
          {say("contacts.save")}
        </Button>
      </Row>
    </Form>
  );
}
