/** One conversation: what was said and noted, how it stands, and the answer. */
import { ActionIcon } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { pause } from "../../api/client";
import { Problem } from "../../api/problem";
import { useMay } from "../../api/session";
import { Phone } from "../../blocks/Num";
import { Failure, Loading, Trouble } from "../../blocks/States";
import { Mark } from "../../blocks/Status";
import { When } from "../../blocks/When";
import { Icon } from "../../design/icons";
import { useKeys } from "../../frame/keys";
import { useWords } from "../../words";
import { Actions } from "./Actions";
import { Answer, type AnswerControl } from "./Answer";
import { type Conversation, change, readConversation } from "./conversations";
import style from "./inbox.module.css";
import { Said } from "./Said";
import { Who } from "./Threads";

interface Props {
  id: string;
  /** What the list knows of it stands until it was read. */
  seen: readonly Conversation[];
  onBack: () => void;
  beside: boolean;
  onBeside: () => void;
}

export function useConversation(id: string, seen: readonly Conversation[] = []) {
  return useQuery({
    queryKey: ["conversation", id],
    queryFn: ({ signal }) => readConversation(id, signal),
    placeholderData: seen.find((one) => one.id === id),
  });
}

export function Thread({ id, seen, onBack, beside, onBeside }: Props) {
  const { say } = useWords();
  const query = useConversation(id, seen);
  const answer = useRef<AnswerControl>(null);
  const may = useMay();
  const answers = may("send") || may("inbox");
  const unreadable = useRead(answers ? query.data : undefined);
  useKeys({
    r: [say("inbox.key-reply"), () => answer.current?.begin("reply")],
    n: [say("inbox.key-note"), () => answer.current?.begin("note")],
    i: [say("inbox.key-person"), onBeside],
    u: [say("inbox.key-back"), onBack],
  });
  if (!query.data) {
    return (
      <section className={style.thread} aria-label={say("inbox.thread")}>
        {query.error ? <Failure problem={query.error} again={() => void query.refetch()} /> : <Loading lines={10} />}
      </section>
    );
  }
  const one = query.data;
  return (
    <section className={style.thread} aria-label={say("inbox.thread")}>
      <header className={style.top}>
        <ActionIcon className={style.back} aria-label={say("inbox.key-back")} onClick={onBack}>
          <Icon name="left" />
        </ActionIcon>
        <div className={style.whom}>
          <h2>
            <Who of={one} />
          </h2>
          <p>
            {one.contact.name && <Phone number={one.number} />}
            <span className={style.ours}>
              <Icon name="right" size={11} /> <Phone number={one.from} />
            </span>
            {one.status === "snoozed" && (
              <Mark tone="warn">
                {say("inbox.until")} <When at={one.snoozed_until} />
              </Mark>
            )}
            {one.status === "closed" && <Mark tone="calm">{say("inbox.view-closed")}</Mark>}
          </p>
        </div>
        {answers && <Actions of={one} />}
        <ActionIcon aria-label={say("inbox.about")} data-tip={say("inbox.about")} aria-pressed={beside} onClick={onBeside}>
          <Icon name="person" />
        </ActionIcon>
      </header>
      {unreadable ? <Trouble problem={unreadable} /> : null}
      <Said of={one} />
      {answers ? <Answer of={one} control={answer} /> : <p className={style.answer}>{say("inbox.read-only")}</p>}
    </section>
  );
}

/** Whoever looks at it has read it. What stood against saying so is given back. */
function useRead(one: Conversation | undefined): unknown {
  const queries = useQueryClient();
  const [problem, setProblem] = useState<unknown>(null);
  const under = useRef(false);
  const id = one?.id;
  const unread = (one?.unread ?? 0) > 0;
  useEffect(() => {
    if (!id || !unread || problem) return undefined;
    function read() {
      if (document.visibilityState !== "visible" || under.current || !id) return;
      under.current = true;
      change(queries, id, { read: true })
        .catch((fault: unknown) => {
          // What passes is no news to the reader: it counts as read with the next look.
          if (!(fault instanceof Problem) || !fault.passing) setProblem(fault);
          else later = setTimeout(read, pause(3, fault));
        })
        .finally(() => {
          under.current = false;
        });
    }
    let later: ReturnType<typeof setTimeout> | undefined;
    read();
    document.addEventListener("visibilitychange", read);
    return () => {
      clearTimeout(later);
      document.removeEventListener("visibilitychange", read);
    };
  }, [id, unread, problem, queries]);
  return problem;
}
