/** What a search brings: people by the beginning of their name or their number, and messages that hold the words. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { usePages } from "../../api/pages";
import { List } from "../../blocks/List";
import { Phone } from "../../blocks/Num";
import { Empty } from "../../blocks/States";
import { useTell } from "../../blocks/tell";
import { When } from "../../blocks/When";
import { useWords } from "../../words";
import { keep } from "./conversations";
import style from "./inbox.module.css";

interface Props {
  q: string;
  open: string | undefined;
  onOpen: (id: string) => void;
}

const NUMBER = /^\+?[\d\s().-]{4,}$/;

export function Found({ q, open, onOpen }: Props) {
  const { say } = useWords();
  const { toast } = useTell();
  const list = usePages<Schemas["Found"]>(["found", q], (cursor, signal) =>
    ask(api.GET("/v1/conversations/search", { params: { query: { q, limit: 50, cursor } }, signal })),
  );
  return (
    <>
      <People q={q} onOpen={onOpen} />
      <List
        {...list}
        label={say("inbox.found")}
        columns={[
          {
            key: "who",
            title: say("inbox.person"),
            width: "minmax(0, 220px)",
            render: ({ message }) => <Phone number={message.direction === "mo" ? message.from : message.to} />,
          },
          {
            key: "text",
            title: say("inbox.last"),
            width: "minmax(0, 1fr)",
            narrow: "below",
            render: ({ message }) => <bdi>{message.text ?? say("log.blank")}</bdi>,
          },
          { key: "when", title: say("inbox.when"), width: "104px", end: true, render: ({ message }) => <When at={message.created_at} /> },
        ]}
        keyOf={(one) => one.message.id}
        selected={list.rows.find((one) => one.conversation === open)?.message.id}
        onOpen={(one) => (one.conversation ? onOpen(one.conversation) : toast(say("inbox.no-conversation")))}
        height={36}
        empty={
          <Empty icon="search" title={say("inbox.nothing-found")}>
            {say("inbox.nothing-found-more")}
          </Empty>
        }
      />
    </>
  );
}

function People({ q, onOpen }: Pick<Props, "q" | "onOpen">) {
  const { say } = useWords();
  const { trouble } = useTell();
  const queries = useQueryClient();
  const query = NUMBER.test(q) ? { number: q } : { name: q, limit: 5 };
  const people = useQuery({
    queryKey: ["contacts", "named", q],
    queryFn: ({ signal }) => ask(api.GET("/v1/contacts", { params: { query }, signal })),
    retry: false,
  });
  const found = people.data?.data ?? [];
  if (!found.length) return null;

  async function openWith(contact: Schemas["Contact"]) {
    try {
      const one = await ask(api.POST("/v1/conversations", { body: { to: contact.numbers[0] ?? "" } }));
      keep(queries, one);
      onOpen(one.id);
    } catch (fault) {
      trouble(fault);
    }
  }
  return (
    <ul className={style.people} aria-label={say("inbox.people")}>
      {found.map((one) => (
        <li key={one.id}>
          <button type="button" onClick={() => void openWith(one)}>
            <bdi>{one.name || one.numbers[0]}</bdi>
            {one.name && one.numbers[0] && <Phone number={one.numbers[0]} />}
          </button>
        </li>
      ))}
    </ul>
  );
}
