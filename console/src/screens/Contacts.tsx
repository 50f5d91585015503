/** Contacts: people with their numbers, found by name, number or tag. */
import { Button, Modal } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { usePages } from "../api/pages";
import { FilterBar, useFilters } from "../blocks/FilterBar";
import { List } from "../blocks/List";
import { Phone } from "../blocks/Num";
import { Screen } from "../blocks/Screen";
import { Empty } from "../blocks/States";
import { When } from "../blocks/When";
import { Icon } from "../design/icons";
import { useKeys } from "../frame/keys";
import { useWords } from "../words";
import { ContactForm } from "./contacts/ContactForm";
import style from "./contacts/contacts.module.css";

type Contact = Schemas["Contact"];

export default function Contacts() {
  const { say } = useWords();
  const navigate = useNavigate();
  const [{ name, number, tag }] = useFilters();
  const [making, setMaking] = useState(false);
  const query = number ? { number } : { name, tag };
  const list = usePages<Contact>(["contacts", query], (cursor, signal) =>
    ask(api.GET("/v1/contacts", { params: { query: { ...query, limit: 100, cursor } }, signal })),
  );
  useKeys({ n: [say("contacts.new"), () => setMaking(true)] });
  const narrowed = Boolean(name || number || tag);
  return (
    <Screen
      fill
      title={say("contacts.title")}
      actions={
        <Button leftSection={<Icon name="plus" />} onClick={() => setMaking(true)}>
          {say("contacts.new")}
        </Button>
      }
      bar={
        <FilterBar
          filters={[
            { kind: "search", name: "name", label: say("contacts.filter-name") },
            { kind: "text", name: "number", label: say("contacts.filter-number") },
            { kind: "text", name: "tag", label: say("contacts.filter-tag") },
          ]}
        />
      }
    >
      <List
        {...list}
        label={say("contacts.title")}
        keyOf={(one) => one.id}
        to={(one) => `/contacts/${one.id}`}
        columns={[
          {
            key: "name",
            title: say("contacts.name"),
            width: "minmax(0, 1fr)",
            render: (one) => (one.name ? <bdi>{one.name}</bdi> : <span className={style.nameless}>{say("contacts.nameless")}</span>),
          },
          {
            key: "numbers",
            title: say("contacts.numbers"),
            width: "minmax(0, 1fr)",
            narrow: "below",
            render: (one) => (
              <>
                <Phone number={one.numbers[0] ?? ""} />
                {one.numbers.length > 1 && ` ${say("contacts.more-numbers", { n: one.numbers.length - 1 })}`}
              </>
            ),
          },
          { key: "tags", title: say("contacts.tags"), width: "minmax(0, 1fr)", narrow: "hide", render: (one) => one.tags.join(", ") },
          { key: "changed", title: say("contacts.changed"), width: "120px", end: true, render: (one) => <When at={one.changed_at} /> },
        ]}
        empty={
          <Empty icon={narrowed ? "filter" : "people"} title={say(narrowed ? "contacts.none-found" : "contacts.none")}>
            {say(narrowed ? "contacts.none-found-more" : "contacts.none-more")}
          </Empty>
        }
      />
      <Modal opened={making} onClose={() => setMaking(false)} title={say("contacts.new")} closeButtonProps={{ "aria-label": say("block.close") }}>
        <ContactForm onKept={(kept) => void navigate({ to: `/contacts/${kept.id}` })} />
      </Modal>
    </Screen>
  );
}
