/** What stands behind the keyword, from left to right: each parameter with what is taken for it. */
import { ActionIcon, Button, Checkbox, NumberInput, Select, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { Icon } from "../../design/icons";
import { useWords } from "../../words";
import style from "./codes.module.css";
import { choicesOf, linesOf, type Parameter } from "./rule";

export const KINDS = ["word", "integer", "decimal", "money", "date", "time", "phone", "email", "choice", "rest"] as const;
const MEASURED = ["word", "integer", "decimal", "money", "rest"];

interface Props {
  rows: readonly Parameter[];
  onChange: (rows: Parameter[]) => void;
  error: (pointer: string) => string | undefined;
}

export function Parameters({ rows, onChange, error }: Props) {
  const { say } = useWords();
  const become = (at: number, next: Parameter) => onChange(rows.map((row, index) => (index === at ? next : row)));
  return (
    <fieldset className={style.rows}>
      <legend>{say("codes.parameters")}</legend>
      {rows.map((row, at) => (
        <div key={at} className={style.one}>
          <One row={row} become={(next) => become(at, next)} error={(field) => error(`/parameters/${at}${field}`)} />
          <ActionIcon className={style.drop} aria-label={say("codes.drop-parameter", { name: row.name })} onClick={() => onChange(rows.filter((_, index) => index !== at))}>
            <Icon name="cross" size={13} />
          </ActionIcon>
        </div>
      ))}
      <Button variant="subtle" color="gray" leftSection={<Icon name="plus" size={13} />} onClick={() => onChange([...rows, { name: "", type: "word" } as Parameter])}>
        {say("codes.add-parameter")}
      </Button>
    </fieldset>
  );
}

function One({ row, become, error }: { row: Parameter; become: (next: Parameter) => void; error: (field: string) => string | undefined }) {
  const { say } = useWords();
  const set = (change: Partial<Parameter>) => become({ ...row, ...change });
  const bound = (value: string | number) => (typeof value === "number" ? value : null);
  return (
    <div className={style.fields}>
      <TextInput label={say("codes.parameter-name")} dir="ltr" value={row.name} error={error("/name") ?? error("")} onChange={(event) => set({ name: event.currentTarget.value })} />
      <Select label={say("codes.parameter-type")} data={KINDS.map((value) => ({ value, label: say(`codes.kind-${value}`) }))} value={row.type} error={error("/type")} onChange={(type) => type && become({ name: row.name, type: type as Parameter["type"], ...(row.optional ? { optional: true } : {}) } as Parameter)} />
      {MEASURED.includes(row.type) && (
        <>
          <NumberInput label={say("codes.min")} value={row.min ?? ""} error={error("/min")} onChange={(value) => set({ min: bound(value) })} />
          <NumberInput label={say("codes.max")} value={row.max ?? ""} error={error("/max")} onChange={(value) => set({ max: bound(value) })} />
        </>
      )}
      {row.type === "money" && <TagsInput label={say("codes.currencies")} value={[...(row.currencies ?? [])]} error={error("/currencies")} onChange={(currencies) => set({ currencies })} acceptValueOnBlur />}
      {(row.type === "money" || row.type === "decimal") && (
        <Select label={say("codes.decimal")} data={[".", ","]} value={row.decimal ?? "."} onChange={(decimal) => decimal && set({ decimal: decimal as "." | "," })} />
      )}
      {row.type === "date" && (
        <>
          <Select label={say("codes.order")} data={["dmy", "mdy"].map((value) => ({ value, label: say(`codes.order-${value}`) }))} value={row.order ?? "dmy"} onChange={(order) => order && set({ order: order as "dmy" | "mdy" })} />
          <Checkbox label={say("codes.past")} checked={row.past ?? true} onChange={(event) => set({ past: event.currentTarget.checked })} />
        </>
      )}
      {row.type === "phone" && <TextInput label={say("codes.region")} placeholder="US" maxLength={2} value={row.region ?? ""} error={error("/region")} onChange={(event) => set({ region: event.currentTarget.value.toUpperCase() })} />}
      {row.type === "choice" && <Choices row={row} set={set} error={error("/choices")} />}
      <Checkbox label={say("codes.optional")} checked={row.optional ?? false} onChange={(event) => set(event.currentTarget.checked ? { optional: true } : { optional: false, default: null })} />
      {row.optional && <TextInput label={say("codes.default")} value={row.default ?? ""} error={error("/default")} onChange={(event) => set({ default: event.currentTarget.value || null })} />}
    </div>
  );
}

/** Typed as lines; what is half typed stays as it is. */
function Choices({ row, set, error }: { row: Parameter; set: (change: Partial<Parameter>) => void; error: string | undefined }) {
  const { say } = useWords();
  const [lines, setLines] = useState(() => linesOf(row.choices ?? {}));
  return (
    <Textarea
      className={style.whole}
      label={say("codes.choices")}
      description={say("codes.choices-more")}
      placeholder={"yes: y, oui\nno"}
      autosize
      minRows={2}
      maxRows={8}
      value={lines}
      error={error}
      onChange={(event) => {
        setLines(event.currentTarget.value);
        set({ choices: choicesOf(event.currentTarget.value) });
      }}
    />
  );
}
