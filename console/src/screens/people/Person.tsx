/** One of the people: what they are called and may do, and what can be done when they lost something, or leave. */
import { Button, Checkbox, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { api, ask, type Schemas } from "../../api/client";
import { useSession, type Who } from "../../api/session";
import { Facts } from "../../blocks/Facts";
import { Form, useForm } from "../../blocks/Form";
import { Row, Stack } from "../../blocks/Screen";
import { Mark } from "../../blocks/Status";
import { useTell } from "../../blocks/tell";
import { When } from "../../blocks/When";
import { useWords } from "../../words";
import { RoleChoice } from "./RoleChoice";
import { mayOwn, type Role } from "./roles";

type User = Schemas["User"];

interface Props {
  of: User;
  onChanged: (user: User) => void;
  onGone: () => void;
  onLink: (link: Schemas["Link"]) => void;
}

export function Person(props: Props) {
  const { of } = props;
  const { say } = useWords();
  const { who } = useSession();
  if (!who) return null;
  const owners = mayOwn(who, of.account_id);
  const untouchable = of.role === "owner" && !owners;
  return (
    <Stack>
      <Facts
        of={[
          [say("people.email"), <bdi key="email">{of.email}</bdi>],
          [say("people.role"), say(`people.role-${of.role}`)],
          [say("people.state"), <Standing key="state" of={of} />],
          [say("people.factor"), say(of.second_factor ? "people.factor-yes" : of.second_factor_required ? "people.factor-due" : "people.factor-no")],
          [say("people.seen"), of.seen_at ? <When at={of.seen_at} /> : say("people.never")],
          [say("people.made"), <When key="made" at={of.created_at} />],
        ]}
      />
      <Row>
        <Link to="/audit" search={{ actor: of.id } as never}>
          {say("people.their-deeds")}
        </Link>
        <Link to="/audit" search={{ subject: of.id } as never}>
          {say("people.their-log")}
        </Link>
      </Row>
      {untouchable ? <p>{say("people.owners-only")}</p> : <Change {...props} who={who} owners={owners} />}
    </Stack>
  );
}

function Change({ of, who, owners, onChanged, onGone, onLink }: Props & { who: Who; owners: boolean }) {
  const { say } = useWords();
  const { toast, trouble, confirm } = useTell();
  const path = { id: of.id };
  const me = who.user.id === of.id;
  const form = useForm({ name: of.name, role: of.role as Role, second_factor_required: of.second_factor_required }, async ({ role, ...rest }) => {
    const change = { ...rest, name: rest.name.trim(), ...(role === of.role ? {} : { role }) };
    onChanged(await ask(api.PATCH("/v1/users/{id}", { params: { path }, body: change })));
    toast(say("people.saved"));
  });
  const { values, set } = form;
  async function go(deed: () => Promise<void>, question?: Parameters<typeof confirm>[0]) {
    if (question && !(await confirm(question))) return;
    try {
      await deed();
    } catch (fault) {
      trouble(fault);
    }
  }
  const turn = (disabled: boolean) => async () => {
    onChanged(await ask(api.PATCH("/v1/users/{id}", { params: { path }, body: { disabled } })));
    toast(say(disabled ? "people.disabled" : "people.enabled"));
  };
  const name = of.name;
  return (
    <>
      <Form form={form} label={say("people.one")}>
        <TextInput label={say("people.name")} maxLength={100} dir="auto" value={values.name} error={form.error("name")} onChange={(event) => set("name", event.currentTarget.value)} />
        {me ? (
          <p>
            {say("people.you")} <Link to="/account">{say("account.title")}</Link>
          </p>
        ) : (
          <RoleChoice value={values.role} error={form.error("role")} owners={owners} onChange={(role) => set("role", role)} />
        )}
        <Checkbox
          label={say("people.required")}
          description={say("people.required-more")}
          checked={values.second_factor_required}
          onChange={(event) => set("second_factor_required", event.currentTarget.checked)}
        />
        {values.role !== of.role && <p>{say("people.role-ends")}</p>}
        <Row end>
          <Button type="submit" loading={form.sending} disabled={!values.name.trim()}>
            {say("block.save")}
          </Button>
        </Row>
      </Form>
      {!me && (
        <Row end>
          {of.status !== "disabled" && (
            <Button
              variant="default"
              onClick={() => go(async () => onLink(await ask(api.POST("/v1/users/{id}/link", { params: { path } }))), of.status === "active" ? { title: say("people.link-ask", { name }), text: say("people.link-more"), yes: say("people.link-make") } : undefined)}
            >
              {say("people.link-make")}
            </Button>
          )}
          {of.second_factor && (
            <Button
              variant="default"
              onClick={() =>
                go(
                  async () => {
                    onChanged(await ask(api.DELETE("/v1/users/{id}/second-factor", { params: { path } })));
                    toast(say("people.factor-gone"));
                  },
                  { title: say("people.factor-ask", { name }), text: say("people.factor-more"), yes: say("people.factor-reset"), danger: true },
                )
              }
            >
              {say("people.factor-reset")}
            </Button>
          )}
          {of.status === "active" && (
            <Button
              variant="default"
              onClick={() =>
                go(async () => {
                  onChanged(await ask(api.DELETE("/v1/users/{id}/sessions", { params: { path } })));
                  toast(say("people.ended"));
                })
              }
            >
              {say("people.end")}
            </Button>
          )}
          {of.status === "disabled" ? (
            <Button variant="default" onClick={() => go(turn(false))}>
              {say("people.enable")}
            </Button>
          ) : (
            <Button variant="default" onClick={() => go(turn(true), { title: say("people.disable-ask", { name }), text: say("people.disable-more"), yes: say("people.disable"), danger: true })}>
              {say("people.disable")}
            </Button>
          )}
          <Button
            variant="subtle"
            color="red"
            onClick={() =>
              go(
                async () => {
                  await ask(api.DELETE("/v1/users/{id}", { params: { path } }));
                  toast(say("people.gone"));
                  onGone();
                },
                { title: say("people.delete-ask", { name }), text: say("people.delete-more"), yes: say("block.delete"), danger: true },
              )
            }
          >
            {say("block.delete")}
          </Button>
        </Row>
      )}
    </>
  );
}

export function Standing({ of }: { of: Pick<User, "status"> }) {
  const { say } = useWords();
  const tone = of.status === "active" ? "good" : of.status === "invited" ? "accent" : "calm";
  return <Mark tone={tone}>{say(`people.is-${of.status}`)}</Mark>;
}
