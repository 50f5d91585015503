/** What the text would become, asked of the API while one writes. */
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../../api/client";
import { Problem } from "../../api/problem";
import { Facts, Told } from "../../blocks/Facts";
import { Num } from "../../blocks/Num";
import { Card } from "../../blocks/Screen";
import { Trouble } from "../../blocks/States";
import { When } from "../../blocks/When";
import { Icon } from "../../design/icons";
import { useWords } from "../../words";
import { bodyOf, type Draft } from "../Compose";
import style from "./compose.module.css";

type Shown = Schemas["Preview"];

export function Preview({ draft, to, many }: { draft: Draft; to: string; many: number }) {
  const { say } = useWords();
  const [asked] = useDebouncedValue(JSON.stringify(bodyOf(draft, to.trim())), 250);
  const body = JSON.parse(asked) as ReturnType<typeof bodyOf>;
  const query = useQuery({
    queryKey: ["preview", asked],
    queryFn: ({ signal }) => ask(api.POST("/v1/messages/preview", { body, signal })),
    enabled: Boolean(body.to && body.text),
    placeholderData: keepPreviousData,
    gcTime: 0,
    retry: false,
  });
  if (!body.to || !body.text) {
    return (
      <Card title={say("compose.preview")}>
        <p className={style.note}>{say("compose.preview-none")}</p>
      </Card>
    );
  }
  const told = query.data;
  return (
    <Card title={say("compose.preview")} aside={many > 1 && <span className={style.note}>{say("compose.preview-first")}</span>}>
      <div className={style.preview} aria-live="polite" aria-busy={query.isFetching}>
        {query.error ? <Faults problem={query.error} /> : told && <What told={told} />}
      </div>
    </Card>
  );
}

function Faults({ problem }: { problem: unknown }) {
  if (!(problem instanceof Problem) || !problem.errors.length) return <Trouble problem={problem} />;
  return (
    <ul className={style.verdicts}>
      {problem.errors.map((one) => (
        <li key={one.pointer + one.detail} data-bad>
          <Icon name="cross" size={14} />
          <span>
            <code>{one.pointer.replace(/^\//, "")}</code> {one.detail}
          </span>
        </li>
      ))}
    </ul>
  );
}

function What({ told }: { told: Shown }) {
  const { say } = useWords();
  const last = told.parts.at(-1);
  const forcing = new Set(told.forces_ucs2.map((one) => one.at));
  return (
    <>
      <p className={style.sum}>
        <strong>{say("compose.segments", { n: told.segments })}</strong>
        <span>{say(`compose.encoding-${told.unit}`)}</span>
        {last && <span>{say("compose.room", { n: last.room - last.units })}</span>}
      </p>
      {told.forces_ucs2_count > 0 && (
        <p className={style.forcing}>
          <Icon name="lost" size={14} /> {say("compose.forces", { n: told.forces_ucs2_count })}
        </p>
      )}
      <Parts told={told} forcing={forcing} />
      {told.smart_encoding && <p className={style.note}>{say("compose.smart", { n: told.smart_encoding.count })}</p>}
      <ul className={style.verdicts}>
        {told.verdicts.map((one) => (
          <li key={one.rule} data-bad={!one.allowed || undefined}>
            <Icon name={one.allowed ? "check" : "cross"} size={14} />
            <Told text={one.detail} />
          </li>
        ))}
        <li data-bad={told.route.carrier === null || undefined}>
          <Icon name="tower" size={14} />
          <Told text={told.route.why} />
        </li>
      </ul>
      <Facts
        of={[
          [say("compose.from"), told.from],
          [say("compose.goes"), told.goes_at ? <When at={told.goes_at} /> : say("compose.goes-not")],
          [say("compose.eta"), told.eta && <When at={told.eta} />],
          [say("compose.expires"), <When key="expires" at={told.expires_at} />],
        ]}
      />
    </>
  );
}

/** The text with its cuts; characters that GSM-7 lacks stand out. */
function Parts({ told, forcing }: { told: Shown; forcing: ReadonlySet<number> }) {
  const { say } = useWords();
  let at = 0;
  return (
    <ol className={style.parts}>
      {told.parts.map((part) => {
        const characters = [...part.text].map((character) => ({ character, at: at++ }));
        return (
          <li key={part.part}>
            <p dir="auto">{marked(characters, forcing, say("compose.needs-ucs2"))}</p>
            <small>
              <Num n={part.units} /> / <Num n={part.room} />
            </small>
          </li>
        );
      })}
    </ol>
  );
}

/** Runs of like characters: one element each, however long the text. */
function marked(characters: readonly { character: string; at: number }[], forcing: ReadonlySet<number>, title: string) {
  const runs: { at: number; text: string; forces: boolean }[] = [];
  for (const { character, at } of characters) {
    const forces = forcing.has(at);
    const last = runs.at(-1);
    if (last && last.forces === forces) last.text += character;
    else runs.push({ at, text: character, forces });
  }
  return runs.map((run) =>
    run.forces ? (
      <mark key={run.at} title={title}>
        {run.text}
      </mark>
    ) : (
      <span key={run.at}>{run.text}</span>
    ),
  );
}
