/** Replies that are kept ready, by the beginning of their name. */
import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { useWords } from "../../words";
import style from "./inbox.module.css";

type Reply = Schemas["Canned"];
const SHOWN_MOST = 8;
/** An account keeps so many at most that reading them all is cheap. */
const PAGES_MOST = 20;

export async function allCanned(signal: AbortSignal): Promise<Reply[]> {
  const found: Reply[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MOST; page += 1) {
    const answer = await ask(api.GET("/v1/canned-replies", { params: { query: { limit: 100, cursor } }, signal }));
    found.push(...answer.data);
    if (!answer.next_cursor) break;
    cursor = answer.next_cursor;
  }
  return found.sort((a, b) => a.name.localeCompare(b.name));
}

/** Those whose name begins so, then those whose name or text holds it; none while nothing is asked. */
export function matching(all: readonly Reply[], typed: string): Reply[] {
  const wanted = typed.toLocaleLowerCase();
  const begins = all.filter((one) => one.name.toLocaleLowerCase().startsWith(wanted));
  const holds = all.filter((one) => !begins.includes(one) && `${one.name} ${one.text}`.toLocaleLowerCase().includes(wanted));
  return [...begins, ...holds].slice(0, SHOWN_MOST);
}

interface Offered {
  found: Reply[];
  /** They are not read yet: nobody knows what the name stands for. */
  waits: boolean;
}

/** Read with the thread, so that they are there before a name is typed. */
export function useCanned(typed: string | null): Offered {
  const query = useQuery({ queryKey: ["canned"], queryFn: ({ signal }) => allCanned(signal) });
  return { found: typed === null ? [] : matching(query.data ?? [], typed), waits: typed !== null && query.isPending };
}

interface Props {
  id: string;
  found: readonly Reply[];
  here: number;
  typed: string;
  onChoose: (one: Reply) => void;
}

export function Canned({ id, found, here, typed, onChoose }: Props) {
  const { say } = useWords();
  if (!found.length) {
    // A slash is an ordinary sign too: with other words behind it, nobody asks for a reply.
    return typed ? null : (
      <p className={style.canned}>
        {say("inbox.no-canned")} <Link to="/canned">{say("inbox.make-canned")}</Link>
      </p>
    );
  }
  return (
    <ul className={style.canned} id={id} role="listbox" aria-label={say("inbox.canned")}>
      {found.map((one, index) => (
        <li
          key={one.id}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === here}
          onMouseDown={(event) => {
            event.preventDefault();
            onChoose(one);
          }}
        >
          <strong>{one.name}</strong>
          <bdi>{one.text}</bdi>
        </li>
      ))}
    </ul>
  );
}
