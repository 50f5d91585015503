/** One person: what is known, the conversations with them, merging and dropping. */
import { Button, Modal, TextInput } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { Facts } from "../blocks/Facts";
import { Form, useForm } from "../blocks/Form";
import { Phone } from "../blocks/Num";
import { Card, Columns, Row, Screen, Stack } from "../blocks/Screen";
import { Failure, Loading } from "../blocks/States";
import { Mark } from "../blocks/Status";
import { useTell } from "../blocks/tell";
import { When } from "../blocks/When";
import { Icon } from "../design/icons";
import { useParam } from "../router";
import { useWords } from "../words";
import { ContactForm } from "./contacts/ContactForm";

type Contact = Schemas["Contact"];

export default function ContactDetail() {
  const { say } = useWords();
  const id = useParam("id");
  const query = useQuery({
    queryKey: ["contact", id],
    queryFn: ({ signal }) => ask(api.GET("/v1/contacts/{id}", { params: { path: { id } }, signal })),
  });
  if (!query.data) {
    return (
      <Screen fill title={say("contacts.one")}>
        {query.error ? <Failure problem={query.error} again={() => void query.refetch()} /> : <Loading />}
      </Screen>
    );
  }
  return <Shown key={id} of={query.data} />;
}

function Shown({ of }: { of: Contact }) {
  const { say } = useWords();
  const { confirm, toast, trouble } = useTell();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [merging, setMerging] = useState(false);

  async function drop() {
    if (!(await confirm({ title: say("contacts.drop-ask"), text: say("contacts.drop-more"), yes: say("contacts.drop"), danger: true }))) return;
    try {
      await ask(api.DELETE("/v1/contacts/{id}", { params: { path: { id: of.id } } }));
      toast(say("contacts.dropped"));
      void queries.invalidateQueries({ queryKey: ["contacts"] });
      void queries.invalidateQueries({ queryKey: ["conversations"] });
      void navigate({ to: "/contacts" });
    } catch (fault) {
      trouble(fault);
    }
  }
  return (
    <Screen
      title={of.name || (of.numbers[0] ?? of.id)}
      actions={
        <>
          <Button variant="default" leftSection={<Icon name="people" />} onClick={() => setMerging(true)}>
            {say("contacts.merge")}
          </Button>
          <Button variant="default" leftSection={<Icon name="trash" />} onClick={drop}>
            {say("contacts.drop")}
          </Button>
        </>
      }
    >
      <Columns>
        <Card title={say("contacts.one")}>
          <ContactForm of={of} onKept={() => undefined} />
        </Card>
        <Stack>
          <Card title={say("contacts.conversations")}>
            <Conversations of={of} />
          </Card>
          <Card title={say("contacts.facts")}>
            <Facts
              of={[
                [say("contacts.id"), <code key="id">{of.id}</code>],
                [say("contacts.since"), <When key="since" at={of.created_at} />],
                [say("contacts.changed"), <When key="changed" at={of.changed_at} />],
              ]}
            />
          </Card>
        </Stack>
      </Columns>
      <Modal opened={merging} onClose={() => setMerging(false)} title={say("contacts.merge")} closeButtonProps={{ "aria-label": say("block.close") }}>
        <Merge of={of} onDone={() => setMerging(false)} />
      </Modal>
    </Screen>
  );
}

function Conversations({ of }: { of: Contact }) {
  const { say } = useWords();
  const query = useQuery({
    queryKey: ["conversations-of", of.id],
    queryFn: ({ signal }) => ask(api.GET("/v1/conversations", { params: { query: { contact: of.id, limit: 20 } }, signal })),
  });
  if (query.error) return <Failure problem={query.error} again={() => void query.refetch()} />;
  if (!query.data) return <Loading lines={3} />;
  if (!query.data.data.length) return <p>{say("contacts.no-conversations")}</p>;
  return (
    <Stack>
      {query.data.data.map((one) => (
        <Row key={one.id}>
          <Link to="/inbox" search={{ open: one.id, status: "all" } as never}>
            <Phone number={one.from} />
          </Link>
          <Mark tone={one.status === "open" ? "good" : "calm"}>{say(`inbox.view-${one.status}`)}</Mark>
          <When at={one.last_message?.created_at ?? one.created_at} />
        </Row>
      ))}
    </Stack>
  );
}

/** The other is found by its number, so that nobody has to know ids. */
function Merge({ of, onDone }: { of: Contact; onDone: () => void }) {
  const { say } = useWords();
  const { toast } = useTell();
  const queries = useQueryClient();
  const [other, setOther] = useState<Contact | null>(null);
  const form = useForm({ number: "" }, async ({ number }) => {
    if (other) {
      const kept = await ask(api.POST("/v1/contacts/{id}/merge", { params: { path: { id: of.id } }, body: { contact: other.id } }));
      queries.setQueryData(["contact", of.id], kept);
      void queries.invalidateQueries({ queryKey: ["contacts"] });
      void queries.invalidateQueries({ queryKey: ["conversations-of", of.id] });
      toast(say("contacts.merged"));
      onDone();
      return;
    }
    const found = await ask(api.GET("/v1/contacts", { params: { query: { number } } }));
    setOther(found.data[0] ?? null);
    if (!found.data[0]) throw new Error(say("contacts.nobody-has"));
  });
  return (
    <Form form={form} label={say("contacts.merge")}>
      <p>{say("contacts.merge-more")}</p>
      <TextInput
        label={say("contacts.other-number")}
        dir="ltr"
        data-autofocus
        value={form.values.number}
        error={form.error("number", "?number")}
        onChange={(event) => {
          form.set("number", event.currentTarget.value);
          setOther(null);
        }}
      />
      {other && <Facts of={[[say("contacts.name"), other.name], [say("contacts.numbers"), other.numbers.join(", ")], [say("contacts.tags"), other.tags.join(", ")]]} />}
      <Row end>
        <Button type="submit" color={other ? "red" : undefined} loading={form.sending} disabled={!form.values.number.trim()}>
          {say(other ? "contacts.merge-them" : "contacts.find")}
        </Button>
      </Row>
    </Form>
  );
}
