/** Where something stands: a word in the colour of what it means, told by its form too. */
import { useWords } from "../words";
import style from "./Status.module.css";

export type Tone = "good" | "bad" | "warn" | "calm" | "accent";

const TONES: Record<string, Tone> = {
  accepted: "calm",
  scheduled: "accent",
  queued: "calm",
  sent: "accent",
  delivered: "good",
  received: "good",
  undelivered: "bad",
  failed: "bad",
  expired: "warn",
  rejected: "bad",
  canceled: "calm",
  unknown: "warn",
};

export function toneOf(status: string): Tone {
  return TONES[status] ?? "calm";
}

/** A status of a message, in the reader's language. */
export function Status({ status }: { status: string }) {
  const { say, has } = useWords();
  const key = `status.${status}`;
  return <Mark tone={toneOf(status)}>{has(key) ? say(key) : status}</Mark>;
}

/** Any other word of state. */
export function Mark({ tone, children }: { tone: Tone; children: React.ReactNode }) {
  return (
    <span className={style.mark} data-tone={tone}>
      <i aria-hidden />
      {children}
    </span>
  );
}
