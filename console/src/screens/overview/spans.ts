/** Stretches of time that traffic is shown over, and what is told of each step in them. */
import type { Schemas } from "../../api/client";

type Counts = Pick<Schemas["TrafficCounts"], "accepted" | "delivered" | "received" | "undelivered" | "failed" | "expired" | "rejected">;

/** By the step in which each is counted, and how long an answer holds. */
export const SPANS = {
  hour: { step: "minute", look: 3_000 },
  day: { step: "hour", look: 10_000 },
  month: { step: "day", look: 60_000 },
} as const;
export type Span = keyof typeof SPANS;

export const KINDS = ["accepted", "delivered", "received", "lost"] as const;
export type Kind = (typeof KINDS)[number];

/** How many of a kind; `lost` is whatever kept a message from its phone. */
export function count(of: Counts, kind: Kind): number {
  return kind === "lost" ? of.undelivered + of.failed + of.expired + of.rejected : of[kind];
}

/** A step that is not over would look like a fall: it is told beside the lines. */
export function parted<P>(points: readonly P[]): { over: readonly P[]; running: P | undefined } {
  return { over: points.slice(0, -1), running: points.at(-1) };
}

/** When a step began, as an axis tells it. Days are those of UTC, so the reader's own zone would name another. */
export function moment(at: string, span: Span, locale: string): string {
  const format: Intl.DateTimeFormatOptions =
    span === "month" ? { month: "short", day: "numeric", timeZone: "UTC" } : { hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(locale, format).format(Date.parse(at));
}
