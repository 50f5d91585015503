/**
 * A list of any length: rows are drawn where they are seen, more are read before they are needed.
 * j and k (or the arrows) move, Enter opens, and a row is a link, so it opens in another tab too.
 */
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type KeyboardEvent, type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useKeys } from "../frame/keys";
import { useWords } from "../words";
import style from "./List.module.css";
import { ListRow } from "./ListRow";
import { Failure, Loading, Trouble } from "./States";

export interface Column<T> {
  key: string;
  title: string;
  /** Of a CSS grid: `120px`, `1fr`, `minmax(120px, 2fr)`. */
  width: string;
  render: (row: T) => ReactNode;
  end?: boolean;
  /** Where there is little room (a phone): left out, or on a line of its own below. */
  narrow?: "hide" | "below";
}

/** Rows that are read before they are seen: few for who looks at the newest alone, more the further somebody scrolls. */
const AHEAD_LEAST = 40;
const AHEAD_MOST = 400;

interface Props<T> {
  /** What the list is, for those who hear. */
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  keyOf: (row: T) => string;
  /** Where a row leads: a path of the table of screens with its parameters in place. */
  to?: (row: T) => string;
  /** Instead of leading elsewhere. */
  onOpen?: (row: T) => void;
  selected?: string | null;
  hasMore?: boolean;
  more?: () => void;
  loading?: boolean;
  loadingMore?: boolean;
  incomplete?: boolean;
  problem?: unknown;
  again?: () => void;
  empty: ReactNode;
  /** Told when the first row comes into sight, or leaves it. */
  onTop?: (top: boolean) => void;
  /** Pixels; rows are all as high. */
  height?: number;
}

export function List<T>(props: Props<T>) {
  const { rows, hasMore, more, loadingMore, keyOf } = props;
  const { say } = useWords();
  const scroller = useRef<HTMLDivElement>(null);
  const narrow = useNarrow(scroller);
  const below = narrow && props.columns.some((one) => one.narrow === "below");
  const height = below ? (props.height ?? 34) + 24 : (props.height ?? 34);
  const [held, hold] = useState<Held | null>(null);
  const at = held ? placeOf(held, rows, keyOf) : -1;
  // The same while the rows are: with another function the virtualizer measures all rows anew, each time one scrolls.
  const [keyAt] = useState(() => keyOf);
  const getItemKey = useCallback((index: number) => keyAt(rows[index] as T), [rows, keyAt]);
  // The virtualizer is told of each change by itself; it must not be memoized away.
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey,
    overscan: 12,
    // The row one stands on is there wherever one scrolls: it keeps the focus, and takes it at once.
    rangeExtractor: (range) => {
      const seen = defaultRangeExtractor(range);
      if (at < 0 || at >= range.count || seen.includes(at)) return seen;
      return at < (seen[0] ?? 0) ? [at, ...seen] : [...seen, at];
    },
  });
  useEffect(() => virtual.measure(), [height, virtual]);

  const items = virtual.getVirtualItems();
  const last = virtual.range?.endIndex ?? 0;
  useEffect(() => {
    const ahead = Math.min(AHEAD_MOST, Math.max(AHEAD_LEAST, last));
    if (hasMore && !loadingMore && !props.problem && last >= rows.length - ahead) more?.();
  }, [hasMore, loadingMore, props.problem, last, rows.length, more]);

  const top = useRef(true);
  function onScroll() {
    const now = (scroller.current?.scrollTop ?? 0) < height;
    if (now !== top.current) props.onTop?.(now);
    top.current = now;
  }

  function move(to: number) {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    const row = rows[next];
    if (!row) return;
    // Before the next key, which may come at once.
    flushSync(() => hold({ key: keyOf(row), at: next }));
    scroller.current?.querySelector<HTMLElement>(`[data-at="${next}"]`)?.focus({ preventScroll: true });
    virtual.scrollToIndex(next);
  }
  useKeys({
    j: [say("keys.next"), () => move(at + 1)],
    k: [say("keys.previous"), () => move(at - 1)],
  });

  function onKeyDown(event: KeyboardEvent) {
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: rows.length - 1,
      PageDown: at + 15,
      PageUp: at - 15,
    };
    const to = moves[event.key];
    if (to === undefined || event.metaKey || event.ctrlKey || event.altKey) return;
    event.preventDefault();
    move(to);
  }

  const { columns, under } = useShown(props.columns, narrow);
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  const onHold = useCallback((row: T, index: number) => hold({ key: latest.current.keyOf(row), at: index }), []);
  const onOpen = useCallback((row: T) => latest.current.onOpen?.(row), []);

  if (props.loading && held) hold(null);
  if (props.loading) return <Loading lines={12} />;
  if (props.problem && !rows.length) return <Failure problem={props.problem} again={props.again} />;
  if (!rows.length && !hasMore) return <>{props.empty}</>;

  const widths = columns.map((one, index) => (!narrow ? one.width : index ? "max-content" : "minmax(0, 1fr)"));
  const grid = { "--columns": widths.join(" ") } as CSSProperties;
  return (
    <div className={style.list} style={grid} role="table" aria-label={props.label} aria-rowcount={hasMore ? -1 : rows.length + 1}>
      <div className={narrow ? "heard" : style.head} role="row" aria-rowindex={1}>
        {columns.map((one) => (
          <span key={one.key} role="columnheader" data-end={one.end || undefined}>
            {one.title}
          </span>
        ))}
        {under.map((one) => (
          <span key={one.key} role="columnheader" className="heard">
            {one.title}
          </span>
        ))}
      </div>
      <div className={style.scroll} ref={scroller} onScroll={onScroll} onKeyDown={onKeyDown} role="rowgroup" tabIndex={-1}>
        <div className={style.run} style={{ height: virtual.getTotalSize() }} role="presentation">
          {items.map((item) => {
            const row = rows[item.index] as T;
            return (
              <ListRow
                key={item.key}
                row={row}
                index={item.index}
                start={item.start}
                height={height}
                columns={columns}
                under={under}
                below={below}
                selected={props.selected === item.key}
                tabbed={item.index === Math.max(0, at)}
                path={props.to?.(row)}
                opens={props.onOpen !== undefined}
                onHold={onHold}
                onOpen={onOpen}
              />
            );
          })}
        </div>
        {loadingMore && <p className={style.foot}>{say("block.loading-more")}</p>}
        {!loadingMore && props.problem ? <Trouble problem={props.problem} /> : null}
        {!loadingMore && hasMore && props.incomplete && (
          <button type="button" className={style.foot} onClick={more}>
            {say("block.incomplete")}
          </button>
        )}
        {!hasMore && rows.length > 20 && <p className={style.foot}>{say("block.end")}</p>}
      </div>
    </div>
  );
}

/** What stands in a row, and on a line of its own below it. */
function useShown<T>(all: readonly Column<T>[], narrow: boolean) {
  return useMemo(
    () => ({
      columns: all.filter((one) => !(narrow && one.narrow)),
      under: narrow ? all.filter((one) => one.narrow === "below") : [],
    }),
    [all, narrow],
  );
}

/** The row one stands on, and where it was. */
interface Held {
  key: string;
  at: number;
}

/** Where it is now, whatever came in above it; where it is gone, before the row that took its place. */
function placeOf<T>(held: Held, rows: readonly T[], keyOf: (row: T) => string): number {
  const row = rows[held.at];
  if (row && keyOf(row) === held.key) return held.at;
  const found = rows.findIndex((one) => keyOf(one) === held.key);
  return found >= 0 ? found : Math.min(held.at, rows.length) - 1;
}

/** Whether the list itself has little room, whatever the window has. */
function useNarrow(of: React.RefObject<HTMLElement | null>): boolean {
  const [narrow, become] = useState(innerWidth < 640);
  useEffect(() => {
    const element = of.current;
    if (!element) return;
    const watch = new ResizeObserver(() => become(element.clientWidth < 620));
    watch.observe(element);
    return () => watch.disconnect();
  });
  return narrow;
}
