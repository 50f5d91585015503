/** A row of a list. It is drawn again when something of itself changes, not with each step of who scrolls past it. */
import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { Column } from "./List";
import style from "./List.module.css";

interface Props<T> {
  row: T;
  index: number;
  /** Pixels from the top of all rows. */
  start: number;
  height: number;
  columns: readonly Column<T>[];
  /** Those that stand on a line of their own. */
  under: readonly Column<T>[];
  below: boolean;
  selected: boolean;
  /** Reached by the Tab key. */
  tabbed: boolean;
  /** Where it leads, if it does. */
  path: string | undefined;
  opens: boolean;
  onHold: (row: T, index: number) => void;
  onOpen: (row: T) => void;
}

function Row<T>(props: Props<T>) {
  const { row, index, path } = props;
  const hold = () => props.onHold(row, index);
  const name = { "data-at": index, tabIndex: props.tabbed ? 0 : -1, className: style.open, onFocus: hold };
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      className={style.row}
      data-selected={props.selected || undefined}
      data-below={props.below || undefined}
      style={{ height: props.height, transform: `translateY(${props.start}px)` }}
    >
      {props.columns.map((one, column) => (
        <span key={one.key} role="cell" data-end={one.end || undefined} className={style.cell}>
          {column === 0 && path !== undefined ? (
            <Link to={path} {...name}>
              {one.render(row)}
            </Link>
          ) : column === 0 && props.opens ? (
            <button type="button" {...name} onClick={() => props.onOpen(row)}>
              {one.render(row)}
            </button>
          ) : (
            one.render(row)
          )}
        </span>
      ))}
      {props.under.map((one) => (
        <span key={one.key} role="cell" className={style.under}>
          {one.render(row)}
        </span>
      ))}
    </div>
  );
}

export const ListRow = memo(Row) as typeof Row;
