/** Who the person is: name, fields, tags and notes, and the labels of the conversation. */
import { ActionIcon, Button, TagsInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Stack } from "../../blocks/Screen";
import { Failure, Loading, Trouble } from "../../blocks/States";
import { Icon } from "../../design/icons";
import { useWords } from "../../words";
import { ContactForm } from "../contacts/ContactForm";
import { type Conversation, change, keep } from "./conversations";
import style from "./inbox.module.css";
import { useConversation } from "./Thread";

export function Person({ id, onClose }: { id: string; onClose: () => void }) {
  const { say } = useWords();
  const query = useConversation(id);
  return (
    <aside className={style.person} aria-label={say("inbox.about")}>
      <header className={style.top}>
        <h2>{say("inbox.about")}</h2>
        <ActionIcon aria-label={say("block.close")} onClick={onClose}>
          <Icon name="cross" />
        </ActionIcon>
      </header>
      <div className={style.inside}>
        {query.data ? (
          <Stack>
            <Labels of={query.data} />
            <Contact key={query.data.contact.id} of={query.data} />
          </Stack>
        ) : query.error ? (
          <Failure problem={query.error} />
        ) : (
          <Loading />
        )}
      </div>
    </aside>
  );
}

function Labels({ of }: { of: Conversation }) {
  const { say } = useWords();
  const queries = useQueryClient();
  const [problem, setProblem] = useState<unknown>(null);
  function become(labels: string[]) {
    change(queries, of.id, { labels }).then(() => setProblem(null), setProblem);
  }
  return (
    <>
      <TagsInput label={say("inbox.labels")} value={of.labels} onChange={become} maxTags={20} placeholder={say("inbox.add-label")} />
      <Trouble problem={problem} />
    </>
  );
}

function Contact({ of }: { of: Conversation }) {
  const { say } = useWords();
  const queries = useQueryClient();
  return (
    <ContactForm of={of.contact} onKept={(contact) => keep(queries, { ...of, contact })}>
      <Button variant="subtle" color="gray" component={Link} to={`/contacts/${of.contact.id}`}>
        {say("inbox.whole-contact")}
      </Button>
    </ContactForm>
  );
}
