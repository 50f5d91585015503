/** What came, newest first and never more than so many; what comes while it is held waits, bounded too. */
import type { Happening } from "../../api/stream";

export const MOST = 1_000;

export interface Held {
  rows: readonly Happening[];
  waiting: readonly Happening[];
  /** How many came while it was held, those too that found no room. */
  waited: number;
  /** When something was missed, in milliseconds. */
  missed: number | null;
}

export const NOTHING: Held = { rows: [], waiting: [], waited: 0, missed: null };

const before = (news: readonly Happening[], old: readonly Happening[]) => [...news.toReversed(), ...old].slice(0, MOST);

/** More came, oldest first. */
export function came(now: Held, news: readonly Happening[], holding: boolean): Held {
  if (!news.length) return now;
  if (holding) return { ...now, waiting: before(news, now.waiting), waited: now.waited + news.length };
  return { ...now, rows: before(news, now.rows) };
}

/** Show what waited. */
export function released(now: Held): Held {
  if (!now.waited) return now;
  return { ...now, rows: [...now.waiting, ...now.rows].slice(0, MOST), waiting: [], waited: 0 };
}

/** Something happened that was not told; before the first event nobody misses it. */
export function missed(now: Held, at: number): Held {
  return now.rows.length || now.waited ? { ...now, missed: at } : now;
}

/** Those of a type (or a beginning of types with `*`), in which all that was sought stands somewhere. */
export function narrowed(rows: readonly Happening[], type: string | undefined, sought: string | undefined): readonly Happening[] {
  if (!type && !sought) return rows;
  const beginning = type?.endsWith("*") ? type.slice(0, -1) : null;
  const words = (sought ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((one) => {
    if (type && (beginning === null ? one.type !== type : !one.type.startsWith(beginning))) return false;
    if (!words.length) return true;
    const text = `${one.type} ${Object.values(one.data).filter((value) => typeof value === "string").join(" ")}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
