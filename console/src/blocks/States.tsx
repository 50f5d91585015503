/** What stands where there is nothing to show: nothing yet, still coming, or gone wrong. */
import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { Problem } from "../api/problem";
import { Icon, type IconName } from "../design/icons";
import { useWords } from "../words";
import style from "./States.module.css";

export function Empty(props: { icon?: IconName; title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className={style.state}>
      <span className={style.icon}>
        <Icon name={props.icon ?? "info"} size={22} />
      </span>
      <h2>{props.title}</h2>
      {props.children && <div className={style.more}>{props.children}</div>}
      {props.action}
    </div>
  );
}

/** Grey lines in the shape of what comes; said once for those who hear. */
export function Loading({ lines = 8 }: { lines?: number }) {
  const { say } = useWords();
  return (
    <div className={style.loading} role="status">
      <span className="heard">{say("block.loading")}</span>
      {Array.from({ length: lines }, (_, at) => (
        <i key={at} style={{ inlineSize: `${92 - ((at * 29) % 47)}%` }} />
      ))}
    </div>
  );
}

/** What went wrong, in words for the reader, and the way on. */
export function sayProblem(problem: unknown, say: ReturnType<typeof useWords>["say"]): { title: string; detail: string } {
  if (!(problem instanceof Problem)) {
    return { title: say("problem.broken"), detail: problem instanceof Error ? problem.message : String(problem) };
  }
  if (problem.status === 0) return { title: say("problem.unreachable"), detail: say("problem.unreachable-more") };
  if (problem.status === 429 && problem.retryAfter) {
    return { title: problem.title, detail: `${problem.detail} ${say("problem.retry-after", { n: problem.retryAfter })}` };
  }
  return { title: problem.title, detail: problem.detail };
}

export function Failure({ problem, again }: { problem: unknown; again?: () => void }) {
  const { say } = useWords();
  const { title, detail } = sayProblem(problem, say);
  return (
    <div className={style.state} data-bad role="alert">
      <span className={style.icon}>
        <Icon name="lost" size={22} />
      </span>
      <h2>{title}</h2>
      <p className={style.more}>{detail}</p>
      {again && (
        <Button variant="default" leftSection={<Icon name="again" />} onClick={again}>
          {say("block.again")}
        </Button>
      )}
      {problem instanceof Problem && problem.requestId && <code className={style.request}>{problem.requestId}</code>}
    </div>
  );
}

/** What somebody should know before going on; no fault of theirs. */
export function Notice({ title, children, icon = "info" }: { title: string; children?: ReactNode; icon?: IconName }) {
  return (
    <div className={style.trouble} data-tone="warn" role="note">
      <Icon name={icon} />
      <div>
        <strong>{title}</strong>
        {children && <p>{children}</p>}
      </div>
    </div>
  );
}

/** A problem within a form or beside what it is about. */
export function Trouble({ problem }: { problem: unknown }) {
  const { say } = useWords();
  if (!problem) return null;
  const { title, detail } = sayProblem(problem, say);
  return (
    <div className={style.trouble} role="alert">
      <Icon name="lost" />
      <div>
        <strong>{title}</strong>
        {detail && detail !== title && <p>{detail}</p>}
      </div>
    </div>
  );
}
