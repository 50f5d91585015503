/** A carrier that is made here: where it is, how to bind to it, and how it differs from the book. */
import { Button } from "@mantine/core";
import { changed } from "../../api/changed";
import { api, ask, type Schemas } from "../../api/client";
import { Problem } from "../../api/problem";
import { type Field, Fields } from "../../blocks/Fields";
import { Form, useForm } from "../../blocks/Form";
import { Row } from "../../blocks/Screen";
import { useWords } from "../../words";
import { BLANK, bodyOf, fieldsOf, profileOf, type Values, valuesOf } from "./fields";

type Carrier = Schemas["CarrierState"];
const NAME: readonly Field<Values>[] = [{ name: "name", kind: "text", longest: 32, example: "north" }];

export function CarrierForm({ of, onSaved }: { of: Carrier | null; onSaved: (carrier: Carrier) => void }) {
  const { say, has } = useWords();
  const before = of ? valuesOf(of.name, of.settings ?? {}) : BLANK;
  const form = useForm<Values>(before, async (values) => {
    if (!profileOf(values.profile)) {
      throw new Problem(422, "validation_failed", say("carriers.no-json"), "", [{ pointer: "/profile", detail: say("carriers.no-json") }]);
    }
    if (!of) return onSaved(await ask(api.POST("/v1/carriers", { body: bodyOf(values) as Schemas["CarrierRequest"] })));
    const body = bodyOf(changed(before, values)) as Schemas["CarrierChange"];
    onSaved(await ask(api.PATCH("/v1/carriers/{name}", { params: { path: { name: of.name } }, body })));
  });
  const groups = fieldsOf((field, value) => say(`carriers.option-${field}-${value}`));
  const words = {
    form,
    label: (name: string) => say(`carriers.field-${name}`),
    more: (name: string) => {
      const key = of && name === "password" ? "carriers.more-password-kept" : `carriers.more-${name}`;
      return has(key) ? say(key) : undefined;
    },
  };
  return (
    <Form form={form} label={say(of ? "carriers.edit" : "carriers.new")}>
      {!of && <Fields {...words} of={NAME} first />}
      <Fields {...words} of={groups.door} legend={say("carriers.where")} />
      <Fields {...words} of={groups.traffic} legend={say("carriers.traffic")} />
      <Fields {...words} of={groups.rest} legend={say("carriers.rest")} folded />
      <Row end>
        <Button type="submit" loading={form.sending} disabled={!form.values.host.trim() || !form.values.name.trim()}>
          {say(of ? "block.save" : "carriers.make")}
        </Button>
      </Row>
    </Form>
  );
}
