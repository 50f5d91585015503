/** What is done about a text that a code is for: actions in their order. */
import { ActionIcon, Button, Menu, Select, TagsInput, Textarea, TextInput } from "@mantine/core";
import { Icon } from "../../design/icons";
import { useWords } from "../../words";
import style from "./codes.module.css";
import type { Action } from "./rule";

const FRESH = {
  reply: { type: "reply", text: "" },
  tag: { type: "tag", tags: [] },
  field: { type: "field", name: "" },
  webhook: { type: "webhook", url: "" },
  forward: { type: "forward", to: [] },
  inbox: { type: "inbox" },
  opt_in: { type: "opt_in" },
  opt_out: { type: "opt_out" },
} as const;
type Kind = keyof typeof FRESH;
const REPLIES = ["json", "text", "twiml", "none"] as const;

interface Props {
  rows: readonly Action[];
  /** Names that templates may use. */
  names: readonly string[];
  onChange: (rows: Action[]) => void;
  error: (pointer: string) => string | undefined;
}

export function Deeds({ rows, names, onChange, error }: Props) {
  const { say } = useWords();
  const become = (at: number, next: Action) => onChange(rows.map((row, index) => (index === at ? next : row)));
  function up(at: number) {
    const next = [...rows];
    const [moved] = next.splice(at, 1);
    if (moved) next.splice(at - 1, 0, moved);
    onChange(next);
  }
  return (
    <fieldset className={style.rows}>
      <legend>{say("codes.actions")}</legend>
      {rows.map((row, at) => (
        <div key={at} className={style.one}>
          <div className={style.deed}>
            <strong>{say(`codes.action-${row.type}`)}</strong>
            <One row={row} names={names} become={(next) => become(at, next)} error={(field) => error(`/actions/${at}${field}`)} />
          </div>
          <div className={style.drop}>
            {at > 0 && (
              <ActionIcon aria-label={say("codes.up", { n: at + 1 })} onClick={() => up(at)}>
                <Icon name="up" size={13} />
              </ActionIcon>
            )}
            <ActionIcon aria-label={say("codes.drop-action", { n: at + 1 })} onClick={() => onChange(rows.filter((_, index) => index !== at))}>
              <Icon name="cross" size={13} />
            </ActionIcon>
          </div>
        </div>
      ))}
      {!rows.length && error("/actions") && <p className={style.faults}>{error("/actions")}</p>}
      <Menu position="bottom-start">
        <Menu.Target>
          <Button variant="subtle" color="gray" leftSection={<Icon name="plus" size={13} />}>
            {say("codes.add-action")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {(Object.keys(FRESH) as Kind[]).map((kind) => (
            <Menu.Item key={kind} onClick={() => onChange([...rows, { ...FRESH[kind] } as unknown as Action])}>
              {say(`codes.action-${kind}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </fieldset>
  );
}

function One({ row, names, become, error }: { row: Action; names: readonly string[]; become: (next: Action) => void; error: (field: string) => string | undefined }) {
  const { say } = useWords();
  // Of the union, what the type of the action has.
  const all = row as Record<string, unknown> & { type: string };
  const set = (change: Record<string, unknown>) => become({ ...all, ...change } as unknown as Action);
  const text = (field: string) => (typeof all[field] === "string" ? (all[field] as string) : "");
  const list = (field: string) => (Array.isArray(all[field]) ? (all[field] as string[]) : []);
  const template = (field: string, label: string) => (
    <Textarea
      label={label}
      description={say("codes.names", { names: names.map((one) => `{{ ${one} }}`).join(" ") })}
      autosize
      minRows={2}
      maxRows={10}
      dir={text(field) ? "auto" : undefined}
      value={text(field)}
      error={error(`/${field}`) ?? error("")}
      onChange={(event) => set({ [field]: event.currentTarget.value })}
    />
  );
  if (row.type === "reply") return template("text", say("codes.reply-text"));
  if (row.type === "tag") {
    return (
      <>
        <TagsInput label={say("codes.tags")} value={list("tags")} error={error("/tags")} onChange={(tags) => set({ tags })} acceptValueOnBlur />
        <Select label={say("codes.tag-on")} data={["message", "contact"].map((value) => ({ value, label: say(`codes.on-${value}`) }))} value={text("on") || "message"} onChange={(on) => on && set({ on })} />
      </>
    );
  }
  if (row.type === "field") {
    return (
      <>
        <TextInput label={say("codes.field-name")} value={text("name")} error={error("/name")} onChange={(event) => set({ name: event.currentTarget.value })} />
        <TextInput
          label={say("codes.field-from")}
          dir="ltr"
          value={text("parameter")}
          error={error("/parameter") ?? error("")}
          onChange={(event) => {
            const { parameter: _gone, text: _too, ...rest } = all;
            become({ ...rest, ...(event.currentTarget.value ? { parameter: event.currentTarget.value } : {}) } as unknown as Action);
          }}
        />
        {!text("parameter") && template("text", say("codes.field-text"))}
      </>
    );
  }
  if (row.type === "webhook") {
    return (
      <>
        <TextInput label={say("codes.url")} placeholder="https://example.com/codes" dir="ltr" value={text("url")} error={error("/url")} onChange={(event) => set({ url: event.currentTarget.value })} />
        <Select label={say("senders.replies")} data={REPLIES.map((value) => ({ value, label: say(`senders.replies-${value}`) }))} value={text("replies") || "json"} onChange={(replies) => replies && set({ replies })} />
      </>
    );
  }
  if (row.type === "forward") {
    return (
      <>
        <TagsInput label={say("codes.forward-to")} value={list("to")} error={error("/to")} onChange={(to) => set({ to })} acceptValueOnBlur dir="ltr" />
        {all.text === undefined ? null : template("text", say("codes.reply-text"))}
      </>
    );
  }
  return null;
}
