/** What else is known of a person: fields by name, as rows that can be typed into. */
import { ActionIcon, Button, TextInput } from "@mantine/core";
import { Icon } from "../../design/icons";
import { useWords } from "../../words";
import style from "./contacts.module.css";

export type Value = string | number | boolean;
export interface FieldRow {
  key: string;
  name: string;
  text: string;
  /** As it was before it was typed over. */
  value?: Value;
}

let made = 0;

export function fieldsOf(fields: Record<string, unknown>): FieldRow[] {
  return Object.entries(fields).map(([name, value]) => ({ key: name, name, text: String(value), value: value as Value }));
}

/** What differs from before: what was typed is text, what nobody touched keeps its kind; null takes a field away. */
export function fieldsChange(before: Record<string, unknown>, rows: readonly FieldRow[]): Record<string, Value | null> {
  const now = new Map<string, Value>();
  for (const row of rows) {
    if (row.name.trim()) now.set(row.name.trim(), row.value !== undefined && String(row.value) === row.text ? row.value : row.text);
  }
  const changed: Record<string, Value | null> = {};
  for (const [name, value] of now) if (before[name] !== value) changed[name] = value;
  for (const name of Object.keys(before)) if (!now.has(name)) changed[name] = null;
  return changed;
}

export function FieldRows({ rows, onChange, error }: { rows: readonly FieldRow[]; onChange: (rows: FieldRow[]) => void; error?: string }) {
  const { say } = useWords();
  const become = (key: string, change: Partial<FieldRow>) => onChange(rows.map((row) => (row.key === key ? { ...row, ...change } : row)));
  return (
    <fieldset className={style.fields}>
      <legend>{say("contacts.fields")}</legend>
      {rows.map((row) => (
        <div key={row.key}>
          <TextInput aria-label={say("contacts.field-name")} placeholder={say("contacts.field-name")} maxLength={64} value={row.name} onChange={(event) => become(row.key, { name: event.currentTarget.value })} />
          <TextInput aria-label={row.name || say("contacts.field-value")} placeholder={say("contacts.field-value")} maxLength={1_000} value={row.text} onChange={(event) => become(row.key, { text: event.currentTarget.value })} />
          <ActionIcon aria-label={say("contacts.drop-field", { name: row.name })} onClick={() => onChange(rows.filter((one) => one !== row))}>
            <Icon name="cross" size={13} />
          </ActionIcon>
        </div>
      ))}
      {error && <p role="alert">{error}</p>}
      <Button
        variant="subtle"
        color="gray"
        leftSection={<Icon name="plus" size={13} />}
        onClick={() => {
          made += 1;
          onChange([...rows, { key: `new-${made}`, name: "", text: "" }]);
        }}
      >
        {say("contacts.add-field")}
      </Button>
    </fieldset>
  );
}
