/** A moment: how long ago or ahead, and the exact one on hover (Tip). */
import { useSyncExternalStore } from "react";
import { useWords } from "../words";

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** How far this machine's clock is behind the server's, as its answers told; within what the header can tell, none. */
let skew = 0;

export function heardOfServerTime(date: string | null): void {
  const server = date ? Date.parse(date) : Number.NaN;
  if (Number.isNaN(server)) return;
  const behind = server + 500 - Date.now();
  skew = Math.abs(behind) > 2_000 ? behind : 0;
}

/** Now, by the server's clock, in milliseconds. */
export const now = () => Date.now() + skew;

let tick = 0;
const watchers = new Set<() => void>();
setInterval(() => {
  tick += 1;
  for (const tell of watchers) tell();
}, 10_000);

function useTick(): number {
  return useSyncExternalStore(
    (tell) => (watchers.add(tell), () => watchers.delete(tell)),
    () => tick,
  );
}

/** Making one takes longer than a row has. */
const relatives = new Map<string, Intl.RelativeTimeFormat>();

/** "2 minutes ago", as the language has it. */
export function relative(at: number, from: number, locale: string, style: Intl.RelativeTimeFormatStyle = "short"): string {
  const seconds = (at - from) / 1_000;
  const size = Math.abs(seconds);
  const format = relatives.get(`${locale} ${style}`) ?? new Intl.RelativeTimeFormat(locale, { numeric: "auto", style });
  relatives.set(`${locale} ${style}`, format);
  if (size < 5) return format.format(0, "second");
  const [unit, length] = STEPS.find(([, step]) => size >= step) ?? ["second", 1];
  return format.format(Math.trunc(seconds / length), unit);
}

export function exact(at: number, locale: string, milliseconds = false): string {
  const whole: Intl.DateTimeFormatOptions = {
    year: "numeric",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    timeZoneName: "short",
  };
  return new Intl.DateTimeFormat(locale, milliseconds ? whole : { dateStyle: "medium", timeStyle: "short" }).format(at);
}

export function When({ at, plain = false }: { at: string | null | undefined; plain?: boolean }) {
  const { locale } = useWords();
  useTick();
  if (!at) return <span aria-hidden>–</span>;
  const moment = Date.parse(at);
  return (
    <time dateTime={at} style={{ whiteSpace: "nowrap" }}>
      {plain ? exact(moment, locale) : relative(moment, now(), locale)}
    </time>
  );
}
