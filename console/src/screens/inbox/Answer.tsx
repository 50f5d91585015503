/** The answer or a note: typed, or from the replies that are kept ready, with what it costs as one types. */
import { Button, SegmentedControl, Textarea } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { type KeyboardEvent, type Ref, useEffect, useEffectEvent, useId, useImperativeHandle, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { api, ask } from "../../api/client";
import { useMe } from "../../api/me";
import { Problem } from "../../api/problem";
import { Told } from "../../blocks/Facts";
import { Trouble } from "../../blocks/States";
import { useTell } from "../../blocks/tell";
import { Icon } from "../../design/icons";
import { useWords } from "../../words";
import { Canned, useCanned } from "./Canned";
import type { Conversation } from "./conversations";
import { type Draft, slashAt } from "./drafts";
import style from "./inbox.module.css";
import { addMessage } from "./Said";
import { send as sendWritten, type Underway, useWriting, write } from "./writing";

export interface AnswerControl {
  begin: (kind: Draft["kind"]) => void;
}

export function Answer({ of, control }: { of: Conversation; control: Ref<AnswerControl> }) {
  const { say } = useWords();
  const me = useMe();
  const queries = useQueryClient();
  const { trouble } = useTell();
  const field = useRef<HTMLTextAreaElement>(null);
  const draft = useWriting(of.id);
  const { problem } = draft;
  const [caret, setCaret] = useState(0);
  const [shut, setShut] = useState(false);
  const [at, setAt] = useState(0);
  const [entered, setEntered] = useState(false);
  const list = useId();
  const note = draft.kind === "note";
  const text = note ? draft.note : draft.reply;
  const slash = note || shut ? null : slashAt(text, caret);
  const { found: canned, waits } = useCanned(slash?.name ?? null);
  const here = Math.min(at, canned.length - 1);

  const become = (next: Partial<Draft>) => write(of.id, next);
  useImperativeHandle(control, () => ({
    begin: (kind) => {
      // What is typed next belongs to this kind, however quickly it comes.
      flushSync(() => become({ kind }));
      field.current?.focus();
    },
  }));

  function put(reply: string) {
    if (!slash) return;
    const next = text.slice(0, slash.from) + reply + text.slice(caret);
    const end = slash.from + reply.length;
    flushSync(() => {
      become({ reply: next });
      setShut(true);
      setCaret(end);
    });
    field.current?.focus();
    field.current?.setSelectionRange(end, end);
  }

  // Enter came before the canned replies: now it is known what the name behind the slash stands for.
  const settle = useEffectEvent(() => {
    setEntered(false);
    const chosen = slash && canned[here];
    if (chosen) put(chosen.text);
    else send();
  });
  useEffect(() => {
    if (entered && !waits) settle();
  }, [entered, waits]);

  async function deliver({ kind, text, key, doubtful }: Underway) {
    const path = { id: of.id };
    if (kind === "note") {
      if (!(doubtful && (await noted(of.id, me, text)))) {
        await ask(api.POST("/v1/conversations/{id}/notes", { params: { path }, body: { text, author: me } }));
      }
      await queries.invalidateQueries({ queryKey: ["notes", of.id] });
    } else {
      const header = { "Idempotency-Key": key };
      addMessage(queries, of.id, await ask(api.POST("/v1/conversations/{id}/messages", { params: { path, header }, body: { text } })));
    }
  }
  const send = () => sendWritten(of.id, deliver, trouble);

  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return;
    if (canned.length && slash) {
      const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
      if (step) {
        event.preventDefault();
        setAt((here + step + canned.length) % canned.length);
        return;
      }
      const chosen = canned[here];
      if ((event.key === "Enter" || event.key === "Tab") && chosen) {
        event.preventDefault();
        put(chosen.text);
        return;
      }
    }
    if (event.key === "Escape" && slash) {
      event.preventDefault();
      setShut(true);
    } else if (event.key === "Enter" && !event.shiftKey && !matchMedia("(pointer: coarse)").matches) {
      event.preventDefault();
      if (waits) setEntered(true);
      else send();
    }
  }

  return (
    <form
      className={style.answer}
      data-note={note || undefined}
      aria-label={say(note ? "inbox.write-note" : "inbox.write-reply")}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {problem ? <Refused problem={problem} kept={say(draft.problemOf === draft.kind ? "inbox.kept" : `inbox.kept-${draft.problemOf}`)} /> : null}
      {slash && <Canned id={list} found={canned} here={here} typed={slash.name} onChoose={(one) => put(one.text)} />}
      <Textarea
        ref={field}
        autosize
        minRows={2}
        maxRows={10}
        maxLength={10_000}
        dir={text ? "auto" : undefined}
        aria-label={say(note ? "inbox.note" : "inbox.reply")}
        placeholder={say(note ? "inbox.note-place" : "inbox.reply-place")}
        aria-autocomplete={note ? undefined : "list"}
        aria-controls={slash ? list : undefined}
        aria-activedescendant={slash && canned[here] ? `${list}-${here}` : undefined}
        value={text}
        onChange={(event) => {
          setEntered(false);
          become({ [draft.kind]: event.currentTarget.value });
          setCaret(event.currentTarget.selectionStart);
          setShut(false);
          setAt(0);
        }}
        onSelect={(event) => setCaret(event.currentTarget.selectionStart)}
        onKeyDown={onKeyDown}
      />
      <div className={style.below}>
        <SegmentedControl
          aria-label={say("inbox.kind")}
          data={[
            { value: "reply", label: say("inbox.reply") },
            { value: "note", label: say("inbox.note") },
          ]}
          value={draft.kind}
          onChange={(value) => become({ kind: value as Draft["kind"] })}
        />
        {!note && (
          <Button
            variant="subtle"
            color="gray"
            data-bare
            leftSection={<Icon name="bolt" />}
            aria-label={say("inbox.canned")}
            onClick={() => {
              const next = text && !/\s$/.test(text) ? `${text} /` : `${text}/`;
              become({ reply: next });
              setCaret(next.length);
              setShut(false);
              field.current?.focus();
            }}
          >
            <span className={style.word}>{say("inbox.canned")}</span>
          </Button>
        )}
        <div className={style.cost} aria-live="polite">
          {!note && <Cost of={of} text={slash ? "" : text} />}
        </div>
        <Button type="submit" disabled={!text.trim()} leftSection={<Icon name={note ? "note" : "send"} />}>
          {say(note ? "inbox.add-note" : "inbox.send")}
        </Button>
      </div>
    </form>
  );
}

/** Whether a note whose answer was lost is there all the same. */
async function noted(id: string, author: string, text: string): Promise<boolean> {
  const query = { limit: 10 };
  const { data } = await ask(api.GET("/v1/conversations/{id}/notes", { params: { path: { id }, query } }));
  return data.some((one) => one.author === author && one.text === text);
}

function Refused({ problem, kept }: { problem: unknown; kept: string }) {
  const errors = problem instanceof Problem ? problem.errors : [];
  return (
    <div>
      <Trouble problem={problem} />
      {errors.length > 0 && (
        <ul className={style.errors}>
          {errors.map((one) => (
            <li key={one.pointer + one.detail}>{one.detail}</li>
          ))}
        </ul>
      )}
      <p className={style.kept}>{kept}</p>
    </div>
  );
}

/** Encoding, segments and what is left, or why it would not go out, asked of the API. */
function Cost({ of, text }: { of: Conversation; text: string }) {
  const { say } = useWords();
  const [asked] = useDebouncedValue(text, 250);
  const body = { to: of.number, from: of.from, text: asked, category: "conversation" as const };
  const query = useQuery({
    queryKey: ["preview", body],
    queryFn: ({ signal }) => ask(api.POST("/v1/messages/preview", { body, signal })),
    enabled: Boolean(asked.trim()),
    placeholderData: keepPreviousData,
    gcTime: 0,
    retry: false,
  });
  if (!text.trim() || !asked.trim()) return null;
  if (query.error) {
    const told = query.error instanceof Problem ? (query.error.errors[0]?.detail ?? query.error.detail) : "";
    return <span data-bad>{told || say("problem.unreachable")}</span>;
  }
  const told = query.data;
  if (!told) return null;
  const refused = told.verdicts.find((one) => !one.allowed);
  if (refused) {
    return (
      <span data-bad>
        <Told text={refused.detail} />
      </span>
    );
  }
  const last = told.parts.at(-1);
  return (
    <span>
      {say("compose.segments", { n: told.segments })} · {say(`compose.encoding-${told.unit}`)}
      {last && <> · {say("compose.room", { n: last.room - last.units })}</>}
    </span>
  );
}
