/** Where and when a code holds, and its keywords in other languages: what most codes leave alone. */
import { Button, Checkbox, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { localOf, momentOf } from "../../blocks/FilterBar";
import { Row, Stack } from "../../blocks/Screen";
import { Icon } from "../../design/icons";
import { useWords } from "../../words";
import { choicesOf, linesOf, type Rule } from "./rule";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

interface Props {
  rule: Rule;
  set: <K extends keyof Rule>(name: K, value: Rule[K]) => void;
  error: (pointer: string) => string | undefined;
}

export function Limits({ rule, set, error }: Props) {
  const { say, locale } = useWords();
  const used = rule.senders.length > 0 || rule.starts_at || rule.ends_at || rule.hours || Object.keys(rule.translations).length > 0;
  const [open, setOpen] = useState(Boolean(used));
  const [lines, setLines] = useState(() => linesOf(rule.translations));
  const hours = rule.hours;
  const day = (name: string) => new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" }).format(Date.UTC(2024, 0, 1 + DAYS.indexOf(name as "mon")));
  if (!open) {
    return (
      <div>
        <Button variant="subtle" color="gray" leftSection={<Icon name="right" size={13} />} aria-expanded={false} onClick={() => setOpen(true)}>
          {say("codes.limits")}
        </Button>
      </div>
    );
  }
  return (
    <Stack>
      <TagsInput label={say("codes.senders")} description={say("codes.senders-more")} value={[...rule.senders]} error={error("/senders") ?? error("/senders/0")} onChange={(senders) => set("senders", senders)} acceptValueOnBlur dir="ltr" />
      {rule.regex === null && !rule.default && (
        <Textarea
          label={say("codes.translations")}
          description={say("codes.translations-more")}
          placeholder={"de: TERMIN\nfr: PRIX, TARIF"}
          autosize
          minRows={2}
          value={lines}
          error={error("/translations")}
          onChange={(event) => {
            setLines(event.currentTarget.value);
            set("translations", choicesOf(event.currentTarget.value));
          }}
        />
      )}
      <Row>
        <TextInput type="datetime-local" label={say("codes.starts")} value={localOf(rule.starts_at ?? "")} error={error("/starts_at")} onChange={(event) => set("starts_at", momentOf(event.currentTarget.value) || null)} />
        <TextInput type="datetime-local" label={say("codes.ends")} value={localOf(rule.ends_at ?? "")} error={error("/ends_at")} onChange={(event) => set("ends_at", momentOf(event.currentTarget.value) || null)} />
        <TextInput label={say("codes.zone")} placeholder="Europe/Berlin" dir="ltr" value={rule.time_zone} error={error("/time_zone")} onChange={(event) => set("time_zone", event.currentTarget.value)} />
      </Row>
      <Checkbox label={say("codes.hours")} checked={hours !== null} onChange={(event) => set("hours", event.currentTarget.checked ? { days: ["mon", "tue", "wed", "thu", "fri"], from: "09:00", to: "17:00" } : null)} />
      {hours && (
        <>
          <Checkbox.Group label={say("codes.days")} value={[...(hours.days ?? DAYS)]} onChange={(days) => set("hours", { ...hours, days: DAYS.filter((one) => days.includes(one)) })}>
            <Row>
              {DAYS.map((one) => (
                <Checkbox key={one} value={one} label={day(one)} />
              ))}
            </Row>
          </Checkbox.Group>
          <Row>
            <TextInput type="time" label={say("codes.opens")} value={hours.from} error={error("/hours/from")} onChange={(event) => set("hours", { ...hours, from: event.currentTarget.value })} />
            <TextInput type="time" label={say("codes.closes")} value={hours.to} error={error("/hours/to")} onChange={(event) => set("hours", { ...hours, to: event.currentTarget.value })} />
          </Row>
        </>
      )}
    </Stack>
  );
}
