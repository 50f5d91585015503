/** Somebody new: who they are, and what they may do. */
import { Button, Checkbox, TextInput } from "@mantine/core";
import { api, ask, type Schemas } from "../../api/client";
import { Form, useForm } from "../../blocks/Form";
import { Row } from "../../blocks/Screen";
import { useWords } from "../../words";
import { RoleChoice } from "./RoleChoice";
import type { Role } from "./roles";

interface Props {
  /** Whose they will be; null: of one's own account. */
  account: string | null;
  owners: boolean;
  onInvited: (user: Schemas["UserInvited"]) => void;
}

export function InviteForm({ account, owners, onInvited }: Props) {
  const { say } = useWords();
  const form = useForm({ email: "", name: "", role: "agent" as Role, second_factor_required: false }, async (values) => {
    const body = { ...values, email: values.email.trim(), name: values.name.trim(), account_id: account };
    onInvited(await ask(api.POST("/v1/users", { body })));
  });
  const { values, set } = form;
  return (
    <Form form={form} label={say("people.invite")}>
      <TextInput
        type="email"
        label={say("people.email")}
        description={say("people.email-more")}
        maxLength={254}
        autoComplete="off"
        data-autofocus
        value={values.email}
        error={form.error("email")}
        onChange={(event) => set("email", event.currentTarget.value)}
      />
      <TextInput
        label={say("people.name")}
        maxLength={100}
        dir="auto"
        autoComplete="off"
        value={values.name}
        error={form.error("name")}
        onChange={(event) => set("name", event.currentTarget.value)}
      />
      <RoleChoice value={values.role} error={form.error("role")} owners={owners} onChange={(role) => set("role", role)} />
      <Checkbox
        label={say("people.required")}
        description={say("people.required-more")}
        checked={values.second_factor_required}
        error={form.error("second_factor_required")}
        onChange={(event) => set("second_factor_required", event.currentTarget.checked)}
      />
      <Row end>
        <Button type="submit" loading={form.sending} disabled={!values.email.trim() || !values.name.trim()}>
          {say("people.invite")}
        </Button>
      </Row>
    </Form>
  );
}
