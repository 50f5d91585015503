/** Forms: one place for values, sending, and what the API said of each field. Nothing typed is lost by a failure. */
import { type FormEvent, type KeyboardEvent, type ReactNode, useLayoutEffect, useRef, useState } from "react";
import { type FieldFault, Problem } from "../api/problem";
import { Stack } from "./Screen";
import { Trouble } from "./States";

export interface FormState<V> {
  values: V;
  set: <K extends keyof V>(name: K, value: V[K]) => void;
  replace: (values: V) => void;
  /** What the API said of the field at this pointer; by default `/name`. */
  error: (name: keyof V & string, pointer?: string) => string | undefined;
  /** What of it some field has shown. */
  shown: ReadonlySet<FieldFault>;
  sending: boolean;
  problem: unknown;
  submit: (event?: FormEvent) => void;
}

/** Values, and `send` that puts them to the API; a Problem it throws is shown by its fields. */
export function useForm<V extends object>(initial: V, send: (values: V) => Promise<void>): FormState<V> {
  const [values, setValues] = useState(initial);
  const [problem, setProblem] = useState<unknown>(null);
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [sending, setSending] = useState(false);
  const shown = useRef(new Set<FieldFault>());

  async function submit() {
    if (sending) return;
    setSending(true);
    setTouched(new Set());
    shown.current.clear();
    try {
      await send(values);
      setProblem(null);
    } catch (fault) {
      setProblem(fault);
    } finally {
      setSending(false);
    }
  }

  return {
    values,
    set: (name, value) => {
      setValues((now) => ({ ...now, [name]: value }));
      setTouched((now) => new Set(now).add(String(name)));
    },
    replace: (next) => {
      setValues(next);
      setProblem(null);
    },
    error: (name, pointer = `/${name}`) => {
      if (!(problem instanceof Problem) || touched.has(name)) return undefined;
      const found = problem.errors.find((one) => one.pointer === pointer || one.pointer.startsWith(`${pointer}/`));
      if (found) shown.current.add(found);
      return found?.detail;
    },
    shown: shown.current,
    sending,
    problem,
    submit: (event) => {
      event?.preventDefault();
      void submit();
    },
  };
}

const NONE: readonly FieldFault[] = [];

/** Fields one below the other; what is wrong with none that is to be seen stands above the buttons. */
export function Form<V extends object>({ form, children, label }: { form: FormState<V>; children: ReactNode; label: string }) {
  const { problem } = form;
  const errors = problem instanceof Problem ? problem.errors : NONE;
  const [rest, setRest] = useState(NONE);
  // Fields are drawn after this; then it is known which of them had something to show.
  useLayoutEffect(() => {
    const left = errors.filter((one) => !form.shown.has(one));
    if (left.length !== rest.length || left.some((one, at) => one !== rest[at])) setRest(left);
  });
  return (
    <form onSubmit={form.submit} onKeyDown={sendByKey} aria-label={label} noValidate>
      <Stack>
        {children}
        {problem && (!errors.length || rest.length) ? (
          <>
            <Trouble problem={problem} />
            {rest.length > 0 && (
              <ul>
                {rest.map((one) => (
                  <li key={one.pointer + one.detail}>
                    <code>{one.pointer}</code> {one.detail}
                  </li>
                ))}
              </ul>
            )}
          </>
        ) : null}
      </Stack>
    </form>
  );
}

/** Ctrl-Enter (or ⌘-Enter) sends from within any field, where Enter alone is a new line too. */
function sendByKey(event: KeyboardEvent<HTMLFormElement>) {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  event.currentTarget.querySelector<HTMLButtonElement>("button[type=submit]")?.click();
}
