/** How many messages became what, in each stretch of time: counted from live events while the page is open. */

export const STRETCH_MS = 5_000;
/** Ten minutes. */
export const STRETCHES_MOST = 120;
export const KINDS = ["accepted", "delivered", "received", "lost"] as const;
export type Kind = (typeof KINDS)[number];

export interface Stretch {
  /** Its beginning, in milliseconds. */
  at: number;
  counts: Record<Kind, number>;
}

const KIND_OF: Record<string, Kind> = {
  "message.accepted": "accepted",
  "message.scheduled": "accepted",
  "message.delivered": "delivered",
  "message.received": "received",
  "message.undelivered": "lost",
  "message.failed": "lost",
  "message.expired": "lost",
  "message.rejected": "lost",
};

/** The stretches up to `now`, without holes, with these events counted as of now; the oldest are let go. */
export function counted(before: readonly Stretch[], types: readonly string[], now: number): Stretch[] {
  const at = Math.floor(now / STRETCH_MS) * STRETCH_MS;
  const all = before.slice(-STRETCHES_MOST);
  for (let next = (all.at(-1)?.at ?? at - STRETCH_MS) + STRETCH_MS; next <= at; next += STRETCH_MS) {
    all.push({ at: next, counts: { accepted: 0, delivered: 0, lost: 0, received: 0 } });
    if (all.length > STRETCHES_MOST) all.shift();
  }
  const last = all.at(-1);
  if (!last) return all;
  const counts = { ...last.counts };
  for (const type of types) {
    const kind = KIND_OF[type];
    if (kind) counts[kind] += 1;
  }
  all[all.length - 1] = { at: last.at, counts };
  return all;
}
