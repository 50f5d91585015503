/** One SMPP customer: its binds, what it has not taken, how it may bind; changed, given a new password, closed. */
import { Button, Modal } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { useSession } from "../api/session";
import { Facts } from "../blocks/Facts";
import { Num } from "../blocks/Num";
import { Card, Columns, Screen, Stack } from "../blocks/Screen";
import { Failure, Loading, Notice, Trouble } from "../blocks/States";
import { useTell } from "../blocks/tell";
import { now, When } from "../blocks/When";
import { useParam } from "../router";
import { useWords } from "../words";
import { Binds } from "./customers/Binds";
import { CustomerForm } from "./customers/CustomerForm";
import { CustomerMark } from "./customers/CustomerMark";
import { useOwed } from "./customers/door";
import { NewPassword } from "./customers/NewPassword";
import { Owed } from "./customers/Owed";
import { Password } from "./customers/Password";
import type { Customer } from "./customers/standing";

const LOOK_MS = 3_000;

export default function CustomerDetail() {
  const { say } = useWords();
  const id = useParam("id");
  const customer = useQuery({
    queryKey: ["esmes", id],
    queryFn: ({ signal }) => ask(api.GET("/v1/esmes/{id}", { params: { path: { id } }, signal })),
    refetchInterval: LOOK_MS,
  });
  if (customer.data) return <Shown of={customer.data} problem={customer.error} />;
  return (
    <Screen fill title={say("customers.one")}>
      {customer.error ? <Failure problem={customer.error} again={() => void customer.refetch()} /> : <Loading />}
    </Screen>
  );
}

function Shown({ of, problem }: { of: Customer; problem: unknown }) {
  const { say } = useWords();
  const owed = useOwed().get(of.id);
  return (
    <Screen title={of.name} aside={<CustomerMark of={of} />} actions={!of.closed_at && <Actions of={of} />}>
      <Columns>
        <Stack>
          <Trouble problem={problem} />
          {owed && owed.waiting > 0 && owed.receivers === 0 && <Notice title={say("customers.no-receiver")}>{say("customers.no-receiver-more")}</Notice>}
          <Card title={say("customers.binds")} aside={say("customers.binds-of", { n: of.binds.length, most: of.max_binds })} flush>
            <Binds of={of.binds} />
          </Card>
          <Owed of={of} dead={owed?.dead} />
        </Stack>
        <Stack>
          <Card title={say("customers.facts")}>
            <What of={of} owed={owed} />
          </Card>
          <Card title={say("customers.habits")}>
            <Habits of={of} />
          </Card>
        </Stack>
      </Columns>
    </Screen>
  );
}

function Actions({ of }: { of: Customer }) {
  const { say } = useWords();
  const { confirm, toast, trouble } = useTell();
  const queries = useQueryClient();
  const operator = useSession().who?.all_accounts ?? false;
  const [shown, show] = useState<"change" | "rotate" | null>(null);
  const [made, setMade] = useState<Schemas["EsmeEnrolled"] | null>(null);
  const anew = () => void queries.invalidateQueries({ queryKey: ["esmes"] });
  const close = () => {
    show(null);
    setMade(null);
  };
  async function shut() {
    if (!(await confirm({ title: say("customers.close-ask", { name: of.name }), text: say("customers.close-more"), yes: say("customers.close"), danger: true }))) return;
    try {
      await ask(api.DELETE("/v1/esmes/{id}", { params: { path: { id: of.id } } }));
      anew();
      toast(say("customers.closed"));
    } catch (fault) {
      trouble(fault);
    }
  }
  return (
    <>
      {operator && (
        <Button variant="subtle" color="red" onClick={shut}>
          {say("customers.close")}
        </Button>
      )}
      <Button variant="default" onClick={() => show("rotate")}>
        {say("customers.rotate")}
      </Button>
      {operator && (
        <Button variant="default" onClick={() => show("change")}>
          {say("customers.change")}
        </Button>
      )}
      <Modal opened={shown === "change"} onClose={close} size="xl" title={say("customers.change")} closeOnClickOutside={false} closeButtonProps={{ "aria-label": say("block.close") }}>
        <CustomerForm
          of={of}
          onSaved={() => {
            close();
            anew();
            toast(say("customers.saved"));
          }}
        />
      </Modal>
      <Modal opened={shown === "rotate"} onClose={close} size="lg" title={say("customers.rotate")} closeOnClickOutside={!made} closeButtonProps={{ "aria-label": say("block.close") }}>
        {made ? (
          <Password of={made} onDone={close} />
        ) : (
          <NewPassword
            of={of}
            onMade={(one) => {
              setMade(one);
              anew();
            }}
          />
        )}
      </Modal>
    </>
  );
}

function What({ of, owed }: { of: Customer; owed: Schemas["EsmeState"] | undefined }) {
  const { say } = useWords();
  const any = (list: readonly string[]) => (list.length ? <bdi dir="ltr">{list.join(", ")}</bdi> : say("customers.any"));
  const old = of.rotating_until && Date.parse(of.rotating_until) > now() ? of.rotating_until : null;
  return (
    <Facts
      of={[
        [say("customers.system_id"), <code key="system_id" dir="ltr">{of.system_id}</code>],
        [say("customers.id"), <code key="id">{of.id}</code>],
        [say("customers.closed-at"), of.closed_at && <When at={of.closed_at} />],
        [say("customers.last"), of.last_bound_at ? <When at={of.last_bound_at} /> : say("customers.is-never")],
        [say("customers.old-until"), old && <When at={old} />],
        [say("customers.oldest"), owed && owed.waiting > 0 && <Num n={owed.oldest_s} unit="second" />],
        [say("customers.failures"), owed && owed.failures > 0 && <Num n={owed.failures} />],
        [say("customers.field-networks"), any(of.networks)],
        [say("customers.field-bind_types"), <bdi key="types" dir="ltr">{of.bind_types.join(", ")}</bdi>],
        [say("customers.field-tls"), of.tls && say("webhooks.yes")],
        [say("customers.field-certificate"), of.certificate && <code>{of.certificate}</code>],
        [say("customers.field-senders"), any(of.senders)],
        [say("customers.field-inbound"), of.inbound.length > 0 && <bdi dir="ltr">{of.inbound.join(", ")}</bdi>],
        [say("customers.field-category"), say(`category.${of.category}`)],
        [say("customers.field-rate"), of.rate !== null && (of.rate ? <Num n={of.rate} digits={1} /> : say("carriers.no-limit"))],
        [say("customers.field-daily_quota"), of.daily_quota !== null && <Num n={of.daily_quota} />],
        [say("customers.field-monthly_quota"), of.monthly_quota !== null && <Num n={of.monthly_quota} />],
        [say("customers.made"), <When key="made" at={of.created_at} />],
      ]}
    />
  );
}

function Habits({ of }: { of: Customer }) {
  const { say } = useWords();
  const option = (field: string, value: string) => say(`customers.option-${field}-${value}`);
  return (
    <Facts
      of={[
        [say("customers.field-interface_version"), of.interface_version === "as_bound" ? option("version", "as_bound") : of.interface_version],
        [say("customers.field-alphabet"), <code key="alphabet">{of.alphabet}</code>],
        [say("customers.field-message_id_form"), option("id", of.message_id_form)],
        [say("customers.field-receipt_id_form"), option("id", of.receipt_id_form ?? "same")],
        [say("customers.field-receipt_format"), option("format", of.receipt_format)],
        [say("customers.field-receipt_pdu"), <code key="pdu">{of.receipt_pdu}</code>],
        [say("customers.field-concatenation"), option("parts", of.concatenation)],
        [say("customers.field-window"), <Num key="window" n={of.window} />],
        [say("customers.field-queue_most"), <Num key="most" n={of.queue_most} />],
        [say("customers.field-queue_hours"), <Num key="hours" n={of.queue_hours} />],
      ]}
    />
  );
}
