/** Puts something on the clipboard, and says that it did. */
import { ActionIcon, Button } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { Icon, type IconName } from "../design/icons";
import { useWords } from "../words";

/** Without a secure context there is no clipboard to ask for: a selection is copied then. */
export async function toClipboard(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("the browser lets nothing be copied");
}

interface Props {
  /** What is copied, or what makes it. */
  text: string | (() => string);
  /** What it is, for the name of the button: "Copy {what}". */
  what: string;
  icon?: IconName;
  /** A button with words; else an icon alone. */
  wide?: boolean;
}

export function Copy({ text, what, icon = "copy", wide = false }: Props) {
  const { say } = useWords();
  const [done, setDone] = useState<"copied" | "copy-failed" | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  async function copy() {
    try {
      await toClipboard(typeof text === "string" ? text : text());
      setDone("copied");
    } catch {
      setDone("copy-failed");
    }
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setDone(null), 1_600);
  }

  const name = say("block.copy", { what });
  const shown = <Icon name={done === "copied" ? "check" : done ? "cross" : icon} />;
  const told = (
    <span className="heard" role="status">
      {done ? say(`block.${done}`) : ""}
    </span>
  );
  if (wide) {
    return (
      <Button variant="default" leftSection={shown} onClick={copy}>
        {done ? say(`block.${done}`) : name}
        {told}
      </Button>
    );
  }
  return (
    <ActionIcon aria-label={name} data-tip={name} onClick={copy}>
      {shown}
      {told}
    </ActionIcon>
  );
}
