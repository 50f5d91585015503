/** Fields of a form as a table tells them, two beside each other where there is room; what few need is folded away. */
import { Button, MultiSelect, NumberInput, PasswordInput, Select, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { Icon } from "../design/icons";
import style from "./Fields.module.css";
import type { FormState } from "./Form";

interface Option {
  value: string;
  label: string;
}

export type Field<V> = { name: keyof V & string; wide?: boolean } & (
  | { kind: "text"; longest?: number; example?: string; words?: boolean }
  | { kind: "secret"; longest?: number }
  /** Empty is `""`: whoever sends it says what that means. */
  | { kind: "number"; fraction?: boolean }
  | { kind: "choice" | "several"; options: readonly Option[] }
  | { kind: "tags"; example?: string }
  | { kind: "switch" }
  | { kind: "code"; example?: string }
);

interface Props<V extends object> {
  form: FormState<V>;
  of: readonly Field<V>[];
  /** What a field is called, and, if anything, what is to be known of it. */
  label: (name: string) => string;
  more: (name: string) => string | undefined;
  legend?: string;
  /** Shown when asked for, or when one of its fields is wrong. */
  folded?: boolean;
  /** Its first field has the focus. */
  first?: boolean;
}

/** What is to be known stands below a field, so that fields beside each other stand in a line. */
const ORDER: ("label" | "input" | "description" | "error")[] = ["label", "input", "description", "error"];

export function Fields<V extends object>({ form, of, label, more, legend, folded = false, first = false }: Props<V>) {
  const [open, setOpen] = useState(!folded);
  const shown = open || of.some((one) => form.error(one.name));
  if (!shown) {
    return (
      <div>
        <Button variant="subtle" color="gray" leftSection={<Icon name="right" size={13} />} aria-expanded={false} onClick={() => setOpen(true)}>
          {legend}
        </Button>
      </div>
    );
  }
  return (
    <fieldset className={style.fields}>
      {legend && <legend>{legend}</legend>}
      {of.map((one, at) => (
        <div key={one.name} data-wide={one.wide || undefined}>
          <One field={one} form={form} label={label(one.name)} more={more(one.name)} first={first && at === 0} />
        </div>
      ))}
    </fieldset>
  );
}

function One<V extends object>({ field, form, label, more, first }: { field: Field<V>; form: FormState<V>; label: string; more: string | undefined; first: boolean }) {
  const value = form.values[field.name] as unknown;
  const set = (next: unknown) => form.set(field.name, next as V[typeof field.name]);
  const said = { label, description: more, error: form.error(field.name) };
  const all = { ...said, inputWrapperOrder: ORDER, ...(first ? { "data-autofocus": true } : {}) };
  switch (field.kind) {
    case "text":
      return (
        <TextInput
          {...all}
          dir={field.words ? "auto" : "ltr"}
          placeholder={field.example}
          maxLength={field.longest}
          autoComplete="off"
          spellCheck={field.words ?? false}
          value={value as string}
          onChange={(event) => set(event.currentTarget.value)}
        />
      );
    case "secret":
      return <PasswordInput {...all} dir="ltr" maxLength={field.longest} autoComplete="new-password" value={value as string} onChange={(event) => set(event.currentTarget.value)} />;
    case "number":
      // What was typed stays as it is: the API says what would fit.
      return <NumberInput {...all} clampBehavior="none" allowNegative={false} allowDecimal={field.fraction ?? false} hideControls value={value as number | ""} onChange={(next) => set(typeof next === "number" ? next : "")} />;
    case "choice":
      return <Select {...all} data={[...field.options]} allowDeselect={false} value={value as string} onChange={(next) => next !== null && set(next)} />;
    case "several":
      return <MultiSelect {...all} data={[...field.options]} value={[...(value as string[])]} onChange={set} />;
    case "tags":
      return <TagsInput {...all} dir="ltr" placeholder={(value as string[]).length ? undefined : field.example} acceptValueOnBlur value={[...(value as string[])]} onChange={set} />;
    case "switch":
      return <Switch {...said} className={style.switch} checked={value as boolean} onChange={(event) => set(event.currentTarget.checked)} />;
    case "code":
      return <Textarea {...all} dir="ltr" autosize minRows={3} maxRows={14} placeholder={field.example} spellCheck={false} classNames={{ input: style.code }} value={value as string} onChange={(event) => set(event.currentTarget.value)} />;
  }
}
