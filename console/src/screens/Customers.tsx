/** SMPP customers: their ESMEs at the door, how each stands and what it has not taken; new ones are enrolled here. */
import { Button, Modal } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { usePages } from "../api/pages";
import { useSession } from "../api/session";
import { FilterBar, useFilters } from "../blocks/FilterBar";
import { type Column, List } from "../blocks/List";
import { Num } from "../blocks/Num";
import { Screen } from "../blocks/Screen";
import { Empty } from "../blocks/States";
import { When } from "../blocks/When";
import { Icon } from "../design/icons";
import { useKeys } from "../frame/keys";
import { useWords } from "../words";
import { CustomerForm } from "./customers/CustomerForm";
import { CustomerMark } from "./customers/CustomerMark";
import { Door, useOwed } from "./customers/door";
import { Password } from "./customers/Password";
import type { Customer } from "./customers/standing";
import { useAccounts } from "./people/accounts";

const LOOK_MS = 5_000;

export default function Customers() {
  const { say } = useWords();
  const operator = useSession().who?.all_accounts ?? false;
  const accounts = useAccounts();
  const [{ account }] = useFilters();
  const list = usePages<Customer>(["esmes", "all", account], (cursor, signal) => ask(api.GET("/v1/esmes", { params: { query: { account, limit: 100, cursor } }, signal })), LOOK_MS);
  const [making, make] = useState(false);
  useKeys(operator ? { n: [say("customers.new"), () => make(true)] } : {});
  return (
    <Screen
      fill
      title={say("customers.title")}
      bar={accounts.length > 0 && <FilterBar filters={accounts} />}
      actions={
        operator && (
          <Button leftSection={<Icon name="plus" />} onClick={() => make(true)}>
            {say("customers.new")}
          </Button>
        )
      }
    >
      {operator && <Door />}
      <List
        {...list}
        label={say("customers.title")}
        keyOf={(one) => one.id}
        to={(one) => `/customers/${one.id}`}
        columns={useColumns(operator && accounts.length > 0)}
        empty={
          <Empty icon="plug" title={say("customers.none")}>
            {say("customers.none-more")}
          </Empty>
        }
      />
      {making && <Make account={account ?? null} onClose={() => make(false)} />}
    </Screen>
  );
}

function useColumns(many: boolean): readonly Column<Customer>[] {
  const { say } = useWords();
  const owed = useOwed();
  const names = new Map(useAccounts().flatMap((one) => (one.kind === "choice" ? one.options.map(({ value, label }) => [value, label] as const) : [])));
  const of = (one: Customer) => owed.get(one.id);
  return [
    { key: "name", title: say("customers.name"), width: "minmax(0, 1.3fr)", render: (one) => <bdi>{one.name}</bdi> },
    { key: "state", title: say("customers.state"), width: "150px", render: (one) => <CustomerMark of={one} /> },
    { key: "system_id", title: say("customers.system_id"), width: "minmax(0, 1fr)", narrow: "below", render: (one) => <code dir="ltr">{one.system_id}</code> },
    ...(many ? [{ key: "account", title: say("people.account"), width: "minmax(0, 1fr)", narrow: "hide" as const, render: (one: Customer) => <bdi>{names.get(one.account_id) ?? say("customers.ours")}</bdi> }] : []),
    { key: "waiting", title: say("customers.waiting"), width: "84px", end: true, narrow: "hide", render: (one) => <Num n={of(one)?.waiting} /> },
    { key: "dead", title: say("customers.dead"), width: "84px", end: true, narrow: "hide", render: (one) => <Num n={of(one)?.dead} /> },
    { key: "bound", title: say("customers.last"), width: "120px", end: true, narrow: "hide", render: (one) => <When at={one.last_bound_at} /> },
  ];
}

/** The form, then the password this once; leaving it leads to the new customer. */
function Make({ account, onClose }: { account: string | null; onClose: () => void }) {
  const { say } = useWords();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [made, setMade] = useState<Schemas["EsmeEnrolled"] | null>(null);
  const leave = () => {
    onClose();
    if (made) void navigate({ to: `/customers/${made.id}` });
  };
  return (
    <Modal opened onClose={leave} size="xl" title={made ? <bdi>{made.name}</bdi> : say("customers.new")} closeOnClickOutside={false} closeButtonProps={{ "aria-label": say("block.close") }}>
      {made ? (
        <Password of={made} onDone={leave} />
      ) : (
        <CustomerForm
          of={null}
          account={account}
          onEnrolled={(one) => {
            setMade(one);
            void queries.invalidateQueries({ queryKey: ["esmes"] });
          }}
        />
      )}
    </Modal>
  );
}
