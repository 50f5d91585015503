/** Forms: one place for values, sending, and what the API said of each field. Nothing typed is lost by a failure. */
import { type FormEvent, type KeyboardEvent, type ReactNode, useState } from "react";
import { Problem } from "../api/problem";
import { Stack } from "./Screen";
import { Trouble } from "./States";

export interface FormState<V> {
  values: V;
  set: <K extends keyof V>(name: K, value: V[K]) => void;
  replace: (values: V) => void;
  /** What the API said of the field at this pointer; by default `/name`. */
  error: (name: keyof V & string, pointer?: string) => string | undefined;
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

  async function submit() {
    if (sending) return;
    setSending(true);
    setTouched(new Set());
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
      return problem.errors.find((one) => one.pointer === pointer || one.pointer.startsWith(`${pointer}/`))?.detail;
    },
    sending,
    problem,
    submit: (event) => {
      event?.preventDefault();
      void submit();
    },
  };
}

/** Fields one below the other; what is wrong with none of them in particular stands above the buttons. */
export function Form<V extends object>({ form, children, label }: { form: FormState<V>; children: ReactNode; label: string }) {
  const known = Object.keys(form.values).map((name) => `/${name}`);
  const problem = form.problem;
  const placed =
    problem instanceof Problem &&
    problem.errors.length > 0 &&
    problem.errors.every((one) => known.some((pointer) => one.pointer === pointer || one.pointer.startsWith(`${pointer}/`)));
  return (
    <form onSubmit={form.submit} onKeyDown={sendByKey} aria-label={label} noValidate>
      <Stack>
        {children}
        {problem && !placed ? (
          <>
            <Trouble problem={problem} />
            {problem instanceof Problem && problem.errors.length > 0 && (
              <ul>
                {problem.errors.map((one) => (
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
