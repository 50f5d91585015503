/** The people of an account: invited, given roles, helped when they lost something, let go. */
import { Button, Modal } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { usePages } from "../api/pages";
import { useSession } from "../api/session";
import { FilterBar, useFilters } from "../blocks/FilterBar";
import { List } from "../blocks/List";
import { Screen } from "../blocks/Screen";
import { Empty } from "../blocks/States";
import { When } from "../blocks/When";
import { Icon } from "../design/icons";
import { useKeys } from "../frame/keys";
import { useWords } from "../words";
import { useAccounts } from "./people/accounts";
import { InviteForm } from "./people/InviteForm";
import { OneTimeLink } from "./people/OneTimeLink";
import { Person, Standing } from "./people/Person";
import { mayOwn } from "./people/roles";

type User = Schemas["User"];

export default function People() {
  const { say } = useWords();
  const queries = useQueryClient();
  const { who } = useSession();
  const accounts = useAccounts();
  const [filters] = useFilters();
  const account = filters.account;
  const list = usePages<User>(["users", account], (cursor, signal) => ask(api.GET("/v1/users", { params: { query: { account, limit: 100, cursor } }, signal })));
  const [shown, show] = useState<User | "new" | null>(null);
  const [link, setLink] = useState<{ link: Schemas["Link"]; name: string } | null>(null);
  const anew = () => void queries.invalidateQueries({ queryKey: ["users"] });
  const close = () => {
    show(null);
    setLink(null);
  };
  useKeys({ n: [say("people.invite"), () => show("new")] });
  const title = link ? say("people.link-for", { name: link.name }) : shown === "new" ? say("people.invite") : (shown?.name ?? "");
  return (
    <Screen
      fill
      title={say("people.title")}
      bar={accounts.length > 0 && <FilterBar filters={accounts} />}
      actions={
        <Button leftSection={<Icon name="plus" />} onClick={() => show("new")}>
          {say("people.invite")}
        </Button>
      }
    >
      <List
        {...list}
        label={say("people.title")}
        keyOf={(one) => one.id}
        onOpen={show}
        columns={[
          { key: "name", title: say("people.name"), width: "minmax(0, 1fr)", render: (one) => <bdi>{one.name}</bdi> },
          { key: "email", title: say("people.email"), width: "minmax(0, 1.3fr)", narrow: "below", render: (one) => <bdi>{one.email}</bdi> },
          { key: "role", title: say("people.role"), width: "130px", render: (one) => say(`people.role-${one.role}`) },
          { key: "state", title: say("people.state"), width: "130px", render: (one) => <Standing of={one} /> },
          { key: "factor", title: say("people.factor"), width: "130px", narrow: "hide", render: (one) => say(one.second_factor ? "people.factor-yes" : one.second_factor_required ? "people.factor-due" : "people.factor-no") },
          { key: "seen", title: say("people.seen"), width: "130px", end: true, narrow: "hide", render: (one) => (one.seen_at ? <When at={one.seen_at} /> : say("people.never")) },
        ]}
        empty={
          <Empty icon="person" title={say("people.none")}>
            {say("people.none-more")}
          </Empty>
        }
      />
      <Modal opened={shown !== null || link !== null} onClose={close} size="lg" title={<bdi>{title}</bdi>} closeOnClickOutside={!link} closeButtonProps={{ "aria-label": say("block.close") }}>
        {link ? (
          <OneTimeLink {...link} onDone={close} />
        ) : shown === "new" ? (
          <InviteForm
            account={account ?? null}
            owners={who ? mayOwn(who, account ?? who.user.account_id) : false}
            onInvited={(user) => {
              anew();
              setLink({ link: user.link, name: user.name });
            }}
          />
        ) : (
          shown && (
            <Person
              key={shown.id}
              of={shown}
              onChanged={(user) => {
                anew();
                show(user);
              }}
              onGone={() => {
                anew();
                close();
              }}
              onLink={(made) => setLink({ link: made, name: shown.name })}
            />
          )
        )}
      </Modal>
    </Screen>
  );
}
