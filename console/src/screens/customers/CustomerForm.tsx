/** A customer's ESME: how it binds, what it may send, how it is spoken to. */
import { Button } from "@mantine/core";
import { api, ask, type Schemas } from "../../api/client";
import { changed } from "../../api/changed";
import { type Field, Fields } from "../../blocks/Fields";
import { Form, useForm } from "../../blocks/Form";
import { Row } from "../../blocks/Screen";
import { useWords } from "../../words";
import { useAccounts } from "../people/accounts";
import { BLANK, bodyOf, fieldsOf, type Values, valuesOf } from "./fields";
import type { Customer } from "./standing";

interface Props {
  of: Customer | null;
  /** Whose a new one is; null: of one's own account. */
  account?: string | null;
  onSaved?: (one: Customer) => void;
  onEnrolled?: (one: Schemas["EsmeEnrolled"]) => void;
}

export function CustomerForm({ of, account, onSaved, onEnrolled }: Props) {
  const { say, has } = useWords();
  const before = of ? valuesOf(of) : { ...BLANK, account_id: account ?? "" };
  const form = useForm<Values>(before, async (values) => {
    if (!of) return onEnrolled?.(await ask(api.POST("/v1/esmes", { body: bodyOf(values) as Schemas["EsmeRequest"] })));
    const body = bodyOf(changed(before, values)) as Schemas["EsmeChange"];
    onSaved?.(await ask(api.PATCH("/v1/esmes/{id}", { params: { path: { id: of.id } }, body })));
  });
  const own = useAccounts().flatMap((one) => (one.kind === "choice" ? one.options : []));
  const first: Field<Values>[] = [
    { name: "name", kind: "text", longest: 64, words: true },
    { name: "system_id", kind: "text", longest: 15 },
    ...(of ? [] : [{ name: "password", kind: "secret", longest: 64 } as const]),
    ...(of || !own.length ? [] : [{ name: "account_id", kind: "choice", options: [{ value: "", label: say("customers.ours") }, ...own] } as const]),
  ];
  const groups = fieldsOf((field, value) => say(field === "category" ? `category.${value}` : `customers.option-${field}-${value || "same"}`));
  const words = {
    form,
    label: (name: string) => say(`customers.field-${name}`),
    more: (name: string) => (has(`customers.more-${name}`) ? say(`customers.more-${name}`) : undefined),
  };
  return (
    <Form form={form} label={say(of ? "customers.change" : "customers.new")}>
      <Fields {...words} of={first} first />
      <Fields {...words} of={groups.binding} legend={say("customers.binding")} />
      <Fields {...words} of={groups.traffic} legend={say("customers.traffic")} />
      <Fields {...words} of={groups.habits} legend={say("customers.habits")} folded />
      <Row end>
        <Button type="submit" loading={form.sending} disabled={!form.values.name.trim() || !form.values.system_id.trim()}>
          {say(of ? "block.save" : "customers.make")}
        </Button>
      </Row>
    </Form>
  );
}
