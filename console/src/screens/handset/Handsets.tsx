/** One phone of the simulated network: what it got, what it sent, and a text to type. */
import { ActionIcon, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ask } from "../../api/client";
import { useLive } from "../../api/live";
import { Said } from "../../blocks/Facts";
import { Phone, usePhoneText } from "../../blocks/Num";
import { Trouble } from "../../blocks/States";
import { When } from "../../blocks/When";
import { Icon } from "../../design/icons";
import { useWords } from "../../words";
import style from "./handset.module.css";
import { fateOf } from "./phones";
import { type Line, linesOf } from "./lines";

const ANY_OF_OURS = "+15550009999";
const SHOWN_MOST = 60;

function useLines(number: string) {
  const queries = useQueryClient();
  const got = useQuery({
    queryKey: ["simulator", "handset", number],
    queryFn: ({ signal }) => ask(api.GET("/v1/simulator/handsets/{number}", { params: { path: { number } }, signal })),
  });
  const sent = useQuery({
    queryKey: ["simulator", "texts", number],
    queryFn: ({ signal }) =>
      ask(api.GET("/v1/messages", { params: { query: { from: number, direction: "mo", limit: SHOWN_MOST } as never }, signal })),
  });
  useLive(["message."], (events) => {
    if (events.some((one) => one.data.to === number || one.data.from === number)) {
      void queries.invalidateQueries({ queryKey: ["simulator", "handset", number] }, { cancelRefetch: false });
      void queries.invalidateQueries({ queryKey: ["simulator", "texts", number] }, { cancelRefetch: false });
    }
  });
  return { lines: linesOf(got.data?.messages ?? [], sent.data?.data ?? []).slice(-SHOWN_MOST), problem: got.error ?? sent.error };
}

function useOurs(lines: readonly Line[]): string {
  const senders = useQuery({
    queryKey: ["senders", "first"],
    queryFn: ({ signal }) => ask(api.GET("/v1/senders", { params: { query: { limit: 20 } }, signal })),
  });
  const own = senders.data?.data.find((one) => /^\+?\d+$/.test(one.address))?.address;
  return lines.at(-1)?.other ?? own ?? ANY_OF_OURS;
}

export function Handset({ number, onDrop }: { number: string; onDrop?: () => void }) {
  const { say } = useWords();
  const queries = useQueryClient();
  const { lines, problem } = useLines(number);
  const ours = useOurs(lines);
  const [to, setTo] = useState<string | null>(null);
  const [text, setText] = useState("");
  const [sending, setSending] = useState(false);
  const [fault, setFault] = useState<unknown>(null);
  const [waiting, setWaiting] = useState<readonly Line[]>([]);
  const name = usePhoneText(number);
  const fate = fateOf(number);
  const whom = to ?? ours;
  // What was sent stands there at once, until the server tells of it.
  const pending = waiting.filter((one) => !lines.some((line) => line.mine && line.text === one.text && line.at >= one.at));

  async function send(event: FormEvent) {
    event.preventDefault();
    if (!text.trim() || sending) return;
    setSending(true);
    try {
      const taken = { to: whom.trim(), text };
      await ask(api.POST("/v1/simulator/handsets/{number}/messages", { params: { path: { number } }, body: taken }));
      const at = lines.at(-1)?.at ?? "";
      setWaiting([...pending, { key: `waiting-${Date.now()}`, at, text, other: whom, mine: true }]);
      setText("");
      setFault(null);
      void queries.invalidateQueries({ queryKey: ["simulator", "texts", number] }, { cancelRefetch: false });
    } catch (wrong) {
      setFault(wrong);
    } finally {
      setSending(false);
    }
  }
  return (
    <section className={style.handset} aria-label={say("handset.phone", { number: name })}>
      <header>
        <div>
          <h2>
            <Phone number={number} />
          </h2>
          <p>{say(`handset.fate-${fate}`)}</p>
        </div>
        {onDrop && (
          <ActionIcon aria-label={say("handset.drop-one", { number: name })} data-tip={say("handset.drop")} onClick={onDrop} size="sm">
            <Icon name="cross" size={13} />
          </ActionIcon>
        )}
      </header>
      <div className={style.glass} role="log" aria-label={say("handset.screen", { number: name })} tabIndex={0}>
        <ol>
          {problem ? (
            <li>
              <Trouble problem={problem} />
            </li>
          ) : null}
          {[...lines, ...pending].map((line) => (
            <li key={line.key} data-mine={line.mine || undefined} data-waiting={line.key.startsWith("waiting") || undefined}>
              <Said text={line.text} by={line.mine ? "us" : "them"} />
              <small>
                <Phone number={line.other} /> {line.at && !line.key.startsWith("waiting") && <When at={line.at} />}
              </small>
            </li>
          ))}
          {!lines.length && !pending.length && !problem && <li className={style.none}>{say("handset.nothing")}</li>}
        </ol>
      </div>
      <form onSubmit={send}>
        <Trouble problem={fault} />
        <TextInput
          aria-label={say("handset.to")}
          leftSection={<Icon name="right" size={12} />}
          size="xs"
          dir="ltr"
          value={whom}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
        <div>
          <TextInput
            aria-label={say("handset.text")}
            placeholder={say("handset.text")}
            dir={text ? "auto" : undefined}
            value={text}
            autoComplete="off"
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <ActionIcon type="submit" variant="filled" color="tide" size={30} loading={sending} disabled={!text.trim()} aria-label={say("handset.send")}>
            <Icon name="send" size={14} />
          </ActionIcon>
        </div>
      </form>
    </section>
  );
}
