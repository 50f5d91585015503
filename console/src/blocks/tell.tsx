/** Short news that go by themselves, and questions before what cannot be undone. */
import { Button, CloseButton, Modal } from "@mantine/core";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from "react";
import { Icon } from "../design/icons";
import { useWords } from "../words";
import { sayProblem } from "./States";
import { Row } from "./Screen";
import style from "./tell.module.css";

interface Toast {
  id: number;
  text: string;
  bad: boolean;
}

interface Question {
  title: string;
  text?: ReactNode;
  /** The word on the button that does it. */
  yes: string;
  danger?: boolean;
}

interface Told {
  /** News: "Saved". */
  toast: (text: string) => void;
  /** What went wrong, where there is no better place to say it. */
  trouble: (problem: unknown) => void;
  /** Asks; true where the answer was yes. */
  confirm: (question: Question) => Promise<boolean>;
}

const Context = createContext<Told | null>(null);

export function useTell(): Told {
  const told = useContext(Context);
  if (!told) throw new Error("useTell outside of TellProvider");
  return told;
}

export function TellProvider({ children }: { children: ReactNode }) {
  const { say } = useWords();
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const [question, setQuestion] = useState<Question | null>(null);
  const answer = useRef<(yes: boolean) => void>(undefined);
  const count = useRef(0);
  const drop = useCallback((id: number) => setToasts((all) => all.filter((one) => one.id !== id)), []);

  const told = useMemo<Told>(() => {
    const show = (text: string, bad: boolean) => {
      count.current += 1;
      const id = count.current;
      setToasts((all) => [...all.slice(-3), { id, text, bad }]);
      setTimeout(() => drop(id), bad ? 9_000 : 4_000);
    };
    return {
      toast: (text) => show(text, false),
      trouble: (problem) => {
        const { title, detail } = sayProblem(problem, say);
        show(detail || title, true);
      },
      confirm: (asked) =>
        new Promise((resolve) => {
          answer.current = resolve;
          setQuestion(asked);
        }),
    };
  }, [say, drop]);

  const settle = (yes: boolean) => {
    answer.current?.(yes);
    setQuestion(null);
  };
  return (
    <Context value={told}>
      {children}
      <div className={style.toasts} role="log" aria-live="polite" aria-label={say("block.news")}>
        {toasts.map((one) => (
          <div key={one.id} className={style.toast} data-bad={one.bad || undefined}>
            <Icon name={one.bad ? "lost" : "check"} />
            <span>{one.text}</span>
            <CloseButton size="sm" aria-label={say("block.close")} onClick={() => drop(one.id)} />
          </div>
        ))}
      </div>
      <Modal
        opened={question !== null}
        onClose={() => settle(false)}
        // Above a dialog that asks, which stands at 200 itself.
        zIndex={250}
        title={question?.title}
        closeButtonProps={{ "aria-label": say("block.close") }}
      >
        {question?.text && <div className={style.text}>{question.text}</div>}
        <Row end>
          <Button variant="default" onClick={() => settle(false)}>
            {say("block.cancel")}
          </Button>
          <Button color={question?.danger ? "red" : undefined} onClick={() => settle(true)} data-autofocus>
            {question?.yes}
          </Button>
        </Row>
      </Modal>
    </Context>
  );
}
