/** What is known of one thing: names and values, those without a value left out. */
import type { ReactNode } from "react";
import style from "./Facts.module.css";
import { When } from "./When";

export function Facts({ of }: { of: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className={style.facts}>
      {of
        .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "")
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** Text of a person, never markup: in its own direction, with its own line breaks. */
export function Said({ text, by }: { text: string; by?: "us" | "them" }) {
  return (
    <p className={style.said} dir="auto" data-by={by}>
      {text}
    </p>
  );
}

/** The first line of such a text, cut at its end, whichever way it runs. */
export function Line({ text }: { text: string }) {
  return (
    <span className={style.first} dir="auto">
      {text}
    </span>
  );
}

/** A sentence of the API: in its own direction, with what stands in backticks as code, and moments as people read them. */
export function Told({ text }: { text: string }) {
  return <bdi>{text.split("`").map((piece, at) => (at % 2 ? <code key={at}>{piece}</code> : withMoments(piece)))}</bdi>;
}

const MOMENT = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/;

function withMoments(text: string): ReactNode[] {
  return text.split(MOMENT).map((piece, at) => (at % 2 ? <When key={at} at={piece} plain /> : piece));
}

/** Anything of the API as it is. */
export function Raw({ value }: { value: unknown }) {
  return (
    <pre className={style.raw} dir="ltr" tabIndex={0}>
      {typeof value === "string" ? value : JSON.stringify(value, null, 2)}
    </pre>
  );
}
