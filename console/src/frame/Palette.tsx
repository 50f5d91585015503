/** The command palette (ctrl-k): every screen, every key, and messages by their id or number. And the list of keys (?). */
import { Modal, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useEffectEvent, useId, useState } from "react";
import { Icon, type IconName } from "../design/icons";
import { useWords } from "../words";
import type { Typed } from "./Early";
import { keysNow } from "./keys";
import style from "./Palette.module.css";
import { useNav } from "./Shell";

interface Command {
  key: string;
  text: string;
  icon: IconName;
  hint?: string;
  run: () => void;
}

interface Props {
  opened: boolean;
  onClose: () => void;
}

interface PaletteProps extends Props {
  /** What was typed before it stood. */
  first: Typed;
  onHelp: () => void;
}

export function Palette({ opened, first, onClose, onHelp }: PaletteProps) {
  const { say } = useWords();
  return (
    <Modal.Root opened={opened} onClose={onClose} yOffset="14vh" centered={false} size={540}>
      <Modal.Overlay />
      <Modal.Content aria-label={say("palette.title")} radius={10}>
        <Commands first={first} onClose={onClose} onHelp={onHelp} />
      </Modal.Content>
    </Modal.Root>
  );
}

function Commands({ first, onClose, onHelp }: Omit<PaletteProps, "opened">) {
  const { say } = useWords();
  const [typed, setTyped] = useState(first.text);
  const [at, setAt] = useState(0);
  const found = useFound(typed.trim(), onHelp);
  const list = useId();
  const here = Math.min(at, found.length - 1);

  function choose(one: Command) {
    onClose();
    one.run();
  }
  const enter = useEffectEvent(() => {
    if (first.entered && found[here]) choose(found[here]);
  });
  useEffect(() => enter(), []);

  function press(event: KeyboardEvent) {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step && found.length) {
      event.preventDefault();
      setAt((here + step + found.length) % found.length);
    } else if (event.key === "Enter" && found[here]) {
      event.preventDefault();
      choose(found[here]);
    }
  }
  return (
    <div className={style.palette}>
      <TextInput
        data-autofocus
        variant="unstyled"
        size="md"
        leftSection={<Icon name="search" />}
        placeholder={say("palette.ask")}
        aria-label={say("palette.ask")}
        role="combobox"
        aria-expanded
        aria-controls={list}
        aria-activedescendant={found[here] ? `${list}-${here}` : undefined}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={press}
      />
      <ul id={list} role="listbox" aria-label={say("palette.title")}>
        {found.map((one, index) => (
          <li
            key={one.key}
            id={`${list}-${index}`}
            role="option"
            aria-selected={index === here}
            onMouseMove={() => setAt(index)}
            onClick={() => choose(one)}
          >
            <Icon name={one.icon} />
            <span>{one.text}</span>
            {one.hint && <kbd>{one.hint}</kbd>}
          </li>
        ))}
        {!found.length && <li className={style.none}>{say("palette.none")}</li>}
      </ul>
    </div>
  );
}

/** What the typed words may mean, best first. */
function useFound(typed: string, onHelp: () => void): readonly Command[] {
  const { say } = useWords();
  const navigate = useNavigate();
  const direct: Command[] = [];
  if (/^msg_[0-9a-z]{13}$/.test(typed)) {
    const open = () => void navigate({ to: `/messages/${typed}` });
    direct.push({ key: "message", text: say("palette.message", { id: typed }), icon: "text", run: open });
  } else if (/^\+?[\d\s().-]{4,}$/.test(typed)) {
    const number = typed.replace(/[^\d+]/g, "");
    const search = { to: number } as never;
    direct.push({
      key: "number",
      text: say("palette.number", { number }),
      icon: "search",
      run: () => void navigate({ to: "/messages", search }),
    });
  }
  const screens: Command[] = useNav().map((one) => ({
    key: one.path,
    text: say(`${one.name}.title`),
    icon: one.nav.icon,
    hint: one.nav.key ? `g ${one.nav.key}` : undefined,
    run: () => void navigate({ to: one.path }),
  }));
  const help: Command = { key: "?", text: say("keys.help"), icon: "keyboard", hint: "?", run: onHelp };
  const wanted = typed.toLocaleLowerCase();
  return [...direct, ...[...screens, help].filter((one) => one.text.toLocaleLowerCase().includes(wanted))];
}

export function Help({ opened, onClose }: Props) {
  const { say } = useWords();
  const rows: (readonly [string, string])[] = opened
    ? [["Ctrl K", say("palette.title")], ...Object.entries(keysNow()).map(([key, [label]]) => [key, label] as const), ["Enter", say("keys.open")]]
    : [];
  return (
    <Modal opened={opened} onClose={onClose} title={say("keys.title")} closeButtonProps={{ "aria-label": say("block.close") }}>
      <dl className={style.keys}>
        {rows.map(([key, label]) => (
          <div key={key}>
            <dt>
              {key.split(" ").map((one) => (
                <kbd key={one}>{one}</kbd>
              ))}
            </dt>
            <dd>{label}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
