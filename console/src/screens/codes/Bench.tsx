/** The test bench: what a text would meet with, with the code as it stands in the form. Nothing is sent or stored. */
import { TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { type FieldFault, Problem } from "../../api/problem";
import { Facts, Told } from "../../blocks/Facts";
import { Card, Row, Stack } from "../../blocks/Screen";
import { Trouble } from "../../blocks/States";
import { Mark } from "../../blocks/Status";
import { useWords } from "../../words";
import style from "./codes.module.css";
import { type Rule, terse } from "./rule";

interface Props {
  rule: Rule;
  /** What is wrong with the code as it stands, by its fields. */
  onFaults: (faults: readonly FieldFault[]) => void;
}

export function Bench({ rule, onFaults }: Props) {
  const { say } = useWords();
  const [text, setText] = useState("");
  const [to, setTo] = useState("");
  const [asked] = useDebouncedValue(JSON.stringify({ text, ...(to.trim() ? { to: to.trim() } : {}), code: terse(rule) }), 250);
  const query = useQuery({
    queryKey: ["code-test", asked],
    queryFn: ({ signal }) => ask(api.POST("/v1/codes/test", { body: JSON.parse(asked) as Schemas["CodeTest"], signal })),
    enabled: Boolean(text),
    placeholderData: keepPreviousData,
    gcTime: 0,
    retry: false,
  });
  const errors = query.error instanceof Problem ? query.error.errors : [];
  const mine = errors.filter((one) => one.pointer.startsWith("/code"));
  const told = JSON.stringify(text ? mine.map((one) => ({ ...one, pointer: one.pointer.replace(/^\/code/, "") })) : []);
  useEffect(() => onFaults(JSON.parse(told) as FieldFault[]), [told, onFaults]);
  return (
    <Card title={say("codes.bench")}>
      <Stack>
        <p className={style.more}>{say("codes.bench-more")}</p>
        <TextInput
          label={say("codes.bench-text")}
          placeholder={rule.keywords[0] ? `${rule.keywords[0]} …` : undefined}
          dir={text ? "auto" : undefined}
          value={text}
          autoComplete="off"
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <TextInput label={say("codes.bench-to")} placeholder={say("codes.bench-any")} dir="ltr" value={to} error={errors.find((one) => one.pointer === "/to")?.detail} onChange={(event) => setTo(event.currentTarget.value)} />
        <div aria-live="polite" aria-busy={query.isFetching} className={style.outcome}>
          {!text ? null : mine.length ? (
            <p className={style.faults}>{say("codes.bench-unsound")}</p>
          ) : query.error && !errors.length ? (
            <Trouble problem={query.error} />
          ) : query.data ? (
            <Outcome told={query.data} name={rule.name} />
          ) : null}
        </div>
      </Stack>
    </Card>
  );
}

function Outcome({ told, name }: { told: Schemas["CodeTested"]; name: string }) {
  const { say } = useWords();
  return (
    <>
      <Row>
        {told.system ? (
          <Mark tone="accent">{say("codes.system", { word: told.system })}</Mark>
        ) : told.code === null ? (
          <Mark tone="warn">{say("codes.for-none")}</Mark>
        ) : (
          <Mark tone={told.trouble ? "warn" : told.code === name ? "good" : "accent"}>
            {told.code === name ? say("codes.for-this") : say("codes.for-other", { name: told.code })}
          </Mark>
        )}
        {told.how && <span className={style.more}>{say(`codes.how-${told.how}`)}</span>}
      </Row>
      {told.trouble && (
        <p className={style.faults}>
          <code>{told.trouble.name}</code> {told.trouble.detail}
        </p>
      )}
      <Facts of={Object.entries(told.parameters).map(([key, value]) => [key, <code key={key}>{typeof value === "string" ? value : JSON.stringify(value)}</code>])} />
      {told.actions.length > 0 && (
        <ol className={style.would} aria-label={say("codes.would")}>
          {told.actions.map((one, at) => (
            <li key={`${at}-${one.action}`}>
              <strong>{say(`codes.action-${one.action}`)}</strong>
              <bdi>{one.result}</bdi>
            </li>
          ))}
        </ol>
      )}
      {told.close.length > 0 && (
        <div>
          <h3>{say("codes.close")}</h3>
          <ul className={style.near}>
            {told.close.map((one) => (
              <li key={one.code + one.keyword}>
                <bdi>{one.code}</bdi> · <Told text={one.why} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}
