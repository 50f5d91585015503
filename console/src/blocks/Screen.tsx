/** A screen: its title, what can be done on it, and its content. */
import { type ReactNode, useEffect } from "react";
import { useUnread } from "../frame/title";
import { untwisted } from "../words";
import style from "./Screen.module.css";

interface Props {
  title: string;
  /** A line beside the title: how many, of when. */
  aside?: ReactNode;
  actions?: ReactNode;
  /** Between head and content, as wide as the screen: a filter bar. */
  bar?: ReactNode;
  /** `fill`: the content scrolls by itself (lists); else the screen does. */
  fill?: boolean;
  children: ReactNode;
}

export function Screen({ title, aside, actions, bar, fill = false, children }: Props) {
  const unread = useUnread();
  useEffect(() => {
    document.title = `${unread ? `(${unread}) ` : ""}${untwisted(title)} · tidings`;
  }, [title, unread]);
  return (
    <div className={style.screen}>
      <header className={style.head}>
        <div className={style.title}>
          <h1 tabIndex={-1} id="title" dir="auto">
            {title}
          </h1>
          {aside && <div className={style.aside}>{aside}</div>}
        </div>
        {actions && <div className={style.actions}>{actions}</div>}
      </header>
      {bar}
      <div className={fill ? style.fill : style.flow}>{children}</div>
    </div>
  );
}

/** A part of a screen with a heading of its own. */
export function Card(props: { title?: string; aside?: ReactNode; children: ReactNode; flush?: boolean }) {
  return (
    <section className={style.card}>
      {props.title && (
        <header>
          <h2>{props.title}</h2>
          {props.aside}
        </header>
      )}
      <div className={props.flush ? undefined : style.inside}>{props.children}</div>
    </section>
  );
}

/** Two columns that become one where there is little room: the second is the narrower. */
export function Columns({ children }: { children: ReactNode }) {
  return <div className={style.columns}>{children}</div>;
}

/** One below the other, at the usual distance. */
export function Stack({ children }: { children: ReactNode }) {
  return <div className={style.stack}>{children}</div>;
}

/** Side by side, wrapping. */
export function Row({ children, end = false }: { children: ReactNode; end?: boolean }) {
  return (
    <div className={style.row} data-end={end || undefined}>
      {children}
    </div>
  );
}
