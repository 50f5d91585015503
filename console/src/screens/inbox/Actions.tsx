/** What is done with a conversation: given to somebody, put off, closed and opened. */
import { Button, Popover, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Schemas } from "../../api/client";
import { useMe } from "../../api/me";
import { localOf, momentOf } from "../../blocks/FilterBar";
import { Row, Stack } from "../../blocks/Screen";
import { useTell } from "../../blocks/tell";
import { exact, now } from "../../blocks/When";
import { Icon } from "../../design/icons";
import { useKeys } from "../../frame/keys";
import { useWords } from "../../words";
import { type Conversation, change } from "./conversations";
import style from "./inbox.module.css";

/** Moments that are easily said, by the reader's own clock. */
export function moments(at: Date): readonly (readonly [key: string, moment: Date])[] {
  const day = (ahead: number, hour: number) => new Date(at.getFullYear(), at.getMonth(), at.getDate() + ahead, hour);
  const monday = (8 - at.getDay()) % 7 || 7;
  return [
    ["hour", new Date(at.getTime() + 3_600_000)],
    ["hours", new Date(at.getTime() + 4 * 3_600_000)],
    ["tomorrow", day(1, 9)],
    ["monday", day(monday, 9)],
  ];
}

export function Actions({ of }: { of: Conversation }) {
  const { say } = useWords();
  const { trouble } = useTell();
  const queries = useQueryClient();
  const [shown, show] = useState<"assign" | "snooze" | null>(null);

  async function become(body: Schemas["ConversationChange"]) {
    show(null);
    try {
      await change(queries, of.id, body);
    } catch (fault) {
      trouble(fault);
    }
  }
  const closed = of.status === "closed";
  const toggle = () => void become({ status: closed ? "open" : "closed" });
  useKeys({
    e: [say("inbox.key-close"), toggle],
    s: [say("inbox.key-snooze"), () => show("snooze")],
    a: [say("inbox.key-assign"), () => show("assign")],
  });
  return (
    <div className={style.actions}>
      <Assign of={of} opened={shown === "assign"} onChange={(open) => show(open ? "assign" : null)} become={become} />
      <Snooze of={of} opened={shown === "snooze"} onChange={(open) => show(open ? "snooze" : null)} become={become} />
      <Button variant="default" onClick={toggle} leftSection={<Icon name={closed ? "again" : "check"} />} aria-label={say(closed ? "inbox.reopen" : "inbox.close")}>
        <span className={style.word}>{say(closed ? "inbox.reopen" : "inbox.close")}</span>
      </Button>
    </div>
  );
}

interface Part {
  of: Conversation;
  opened: boolean;
  onChange: (open: boolean) => void;
  become: (body: Schemas["ConversationChange"]) => Promise<void>;
}

function Assign({ of, opened, onChange, become }: Part) {
  const { say } = useWords();
  const me = useMe();
  const [name, setName] = useState("");
  const label = of.assignee ?? say("inbox.assign");
  function assign(who: string) {
    setName("");
    void become({ assignee: who });
  }
  return (
    <Popover opened={opened} onChange={onChange} width={250} position="bottom-end" shadow="md" trapFocus withRoles>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<Icon name="people" />}
          onClick={() => onChange(!opened)}
          aria-label={of.assignee ? say("inbox.assigned-to", { name: of.assignee }) : label}
        >
          <bdi className={style.word}>{label}</bdi>
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={say("inbox.assign")}>
        <Stack>
          {me && of.assignee !== me && (
            <Button variant="default" fullWidth onClick={() => assign(me)}>
              {say("inbox.assign-me", { name: me })}
            </Button>
          )}
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (name.trim()) assign(name.trim());
            }}
          >
            <Stack>
              <TextInput
                label={say("inbox.assignee")}
                value={name}
                maxLength={100}
                onChange={(event) => setName(event.currentTarget.value)}
                data-autofocus
              />
              <Row end>
                {of.assignee && (
                  <Button variant="subtle" onClick={() => void become({ assignee: null })}>
                    {say("inbox.unassign")}
                  </Button>
                )}
                <Button type="submit" disabled={!name.trim()}>
                  {say("inbox.assign")}
                </Button>
              </Row>
            </Stack>
          </form>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function Snooze({ of, opened, onChange, become }: Part) {
  const { say, locale } = useWords();
  const [until, setUntil] = useState("");
  const snooze = (moment: string) => void become({ status: "snoozed", snoozed_until: moment });
  return (
    <Popover opened={opened} onChange={onChange} width={270} position="bottom-end" shadow="md" trapFocus withRoles>
      <Popover.Target>
        <Button variant="default" leftSection={<Icon name="clock" />} onClick={() => onChange(!opened)} aria-label={say("inbox.snooze")}>
          <span className={style.word}>{say("inbox.snooze")}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={say("inbox.snooze")}>
        <Stack>
          <ul className={style.moments}>
            {moments(new Date(now())).map(([key, moment], index) => (
              <li key={key}>
                <Button data-autofocus={index === 0 || undefined} variant="subtle" color="gray" fullWidth justify="space-between" onClick={() => snooze(moment.toISOString())} rightSection={<small>{exact(moment.getTime(), locale)}</small>}>
                  {say(`inbox.snooze-${key}`)}
                </Button>
              </li>
            ))}
          </ul>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (until) snooze(until);
            }}
          >
            <Row>
              <TextInput
                type="datetime-local"
                aria-label={say("inbox.until")}
                value={localOf(until)}
                min={localOf(new Date(now()).toISOString())}
                onChange={(event) => setUntil(momentOf(event.currentTarget.value))}
              />
              <Button type="submit" disabled={!until}>
                {say("inbox.snooze")}
              </Button>
            </Row>
          </form>
          {of.status === "snoozed" && (
            <Button variant="subtle" onClick={() => void become({ status: "open" })}>
              {say("inbox.wake")}
            </Button>
          )}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

