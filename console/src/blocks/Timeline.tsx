/** What happened, in order: a line of moments, each with what can be told of it. */
import { type ReactNode, useId, useState } from "react";
import { Icon, type IconName } from "../design/icons";
import { useWords } from "../words";
import { Told } from "./Facts";
import type { Tone } from "./Status";
import style from "./Timeline.module.css";
import { exact } from "./When";

export interface Step {
  key: string;
  at: string | null;
  title: ReactNode;
  icon: IconName;
  tone?: Tone;
  detail?: ReactNode;
  /** Shown when asked for. */
  more?: ReactNode;
}

export function Timeline({ steps }: { steps: readonly Step[] }) {
  return (
    <ol className={style.line}>
      {steps.map((step, at) => (
        <Moment key={step.key} step={step} before={steps[at - 1]} />
      ))}
    </ol>
  );
}

function Moment({ step, before }: { step: Step; before: Step | undefined }) {
  const { say, locale } = useWords();
  const [open, setOpen] = useState(false);
  const body = useId();
  return (
    <li className={style.step} data-tone={step.tone ?? "calm"}>
      <span className={style.dot}>
        <Icon name={step.icon} size={13} />
      </span>
      <div className={style.what}>
        <div className={style.title}>{step.title}</div>
        {step.detail && <div className={style.detail}>
            {typeof step.detail === "string" ? <Told text={step.detail} /> : step.detail}
          </div>}
        {step.more && (
          <>
            <button type="button" className={style.more} aria-expanded={open} aria-controls={body} onClick={() => setOpen(!open)}>
              {say(open ? "block.less" : "block.more")}
            </button>
            {open && <div id={body}>{step.more}</div>}
          </>
        )}
      </div>
      {step.at && (
        <time className={style.at} dateTime={step.at} title={exact(Date.parse(step.at), locale, true)}>
          <span>{clock(step.at, locale)}</span>
          {before?.at && <small>{since(before.at, step.at, locale)}</small>}
        </time>
      )}
    </li>
  );
}

function clock(at: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    hourCycle: "h23",
  }).format(Date.parse(at));
}

/** "+21 ms", "+3 s", "+2 h": the time from one step to the next. */
export function since(from: string, to: string, locale: string): string {
  const milliseconds = Math.max(0, Date.parse(to) - Date.parse(from));
  const units: [string, number][] = [
    ["day", 86_400_000],
    ["hour", 3_600_000],
    ["minute", 60_000],
    ["second", 1_000],
  ];
  const [unit, size] = units.find(([, one]) => milliseconds >= one) ?? ["millisecond", 1];
  const format = new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 1 });
  return `+${format.format(milliseconds / size)}`;
}
