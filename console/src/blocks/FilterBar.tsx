/** What a list is narrowed by. The address holds it, so a narrowed list can be linked, kept and gone back to. */
import { Button, Select, TextInput } from "@mantine/core";
import { useMatch, useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { type ReactNode, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { Icon } from "../design/icons";
import { useKeys } from "../frame/keys";
import { useWords } from "../words";
import style from "./FilterBar.module.css";

export type Filters = Record<string, string | undefined>;

/** The filters in the address, and what sets them: `set({ status: "failed" })`, undefined takes one away. */
export function useFilters(): [Filters, (change: Filters) => void] {
  const filters = useAddress();
  const { history } = useRouter();
  const navigate = useNavigate();
  const set = (change: Filters) => {
    const next = Object.entries({ ...readSearch(history.location.search), ...change }).filter(([, value]) => value);
    void navigate({ to: ".", search: Object.fromEntries(next) as never, replace: true });
  };
  return [filters, set];
}

/**
 * What the address says of this screen, as soon as it changes. The router takes a while to follow it, and what is typed
 * meanwhile would go to what is shown no longer.
 */
function useAddress(): Filters {
  const { history } = useRouter();
  const path = useMatch({ strict: false, select: (match) => match.pathname });
  const matched = useSearch({ strict: false }) as Filters;
  const search = useSyncExternalStore(history.subscribe, () =>
    // The address of the next screen is no business of this one.
    history.location.pathname.endsWith(path) ? history.location.search : null,
  );
  const own = useMemo(() => (search === null ? null : readSearch(search)), [search]);
  return own ?? matched;
}

function readSearch(search: string): Filters {
  return Object.fromEntries(new URLSearchParams(search));
}

export type Filter = {
  name: string;
  label: string;
  /** Shown when asked for, or when it narrows. */
  rare?: boolean;
} & ({ kind: "search" | "text" | "moment" } | { kind: "choice"; options: readonly { value: string; label: string }[] });

export function FilterBar({ filters, children }: { filters: readonly Filter[]; children?: ReactNode }) {
  const { say } = useWords();
  const [values, set] = useFilters();
  const search = useRef<HTMLInputElement>(null);
  useKeys({ "/": [say("keys.search"), () => search.current?.focus()] });
  const used = filters.filter((one) => values[one.name]);
  const [open, setOpen] = useState(false);
  const shown = filters.filter((one) => open || !one.rare || values[one.name]);
  return (
    <search className={style.bar}>
      {shown.map((one) => {
        const value = values[one.name] ?? "";
        const change = (next: string | null) => set({ [one.name]: next || undefined });
        if (one.kind === "choice") {
          return (
            <Select
              key={one.name}
              aria-label={one.label}
              placeholder={one.label}
              data={[...one.options]}
              value={value || null}
              onChange={change}
              clearable
              w={150}
            />
          );
        }
        if (one.kind === "moment") return <Moment key={one.name} label={one.label} value={value} onChange={change} />;
        return (
          <Typed
            key={one.name}
            label={one.label}
            value={value}
            onChange={change}
            input={one.kind === "search" ? search : undefined}
          />
        );
      })}
      {children}
      {filters.some((one) => one.rare) && (
        <Button variant="subtle" color="gray" leftSection={<Icon name="filter" size={13} />} aria-expanded={open} onClick={() => setOpen(!open)}>
          {say(open ? "block.fewer-filters" : "block.more-filters")}
        </Button>
      )}
      {used.length > 0 && (
        <Button
          variant="subtle"
          leftSection={<Icon name="cross" size={13} />}
          onClick={() => set(Object.fromEntries(used.map((one) => [one.name, undefined])))}
        >
          {say("block.clear-filters")}
        </Button>
      )}
    </search>
  );
}

/** Typed text narrows once its writer rests; what another tab or the back button sets comes in. */
function Typed(props: { label: string; value: string; onChange: (value: string) => void; input?: React.Ref<HTMLInputElement> }) {
  const [typed, setTyped] = useState(props.value);
  const [known, know] = useState(props.value);
  if (known !== props.value) {
    know(props.value);
    // What was typed here comes back without the space at its end, which its writer still needs.
    if (props.value !== typed.trim()) setTyped(props.value);
  }
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <TextInput
      aria-label={props.label}
      placeholder={props.label}
      ref={props.input}
      value={typed}
      leftSection={props.input ? <Icon name="search" size={14} /> : undefined}
      w={props.input ? 210 : 140}
      onChange={(event) => {
        const value = event.currentTarget.value;
        setTyped(value);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => props.onChange(value.trim()), 300);
      }}
      onKeyDown={(event) => {
        if (event.key !== "Enter") return;
        clearTimeout(timer.current);
        props.onChange(typed.trim());
      }}
    />
  );
}

/** A local date and time in the field, the moment with its offset in the address. */
function Moment(props: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <label className={style.moment} data-set={props.value !== "" || undefined}>
      <span>{props.label}</span>
      <input
        type="datetime-local"
        value={localOf(props.value)}
        onChange={(event) => props.onChange(momentOf(event.currentTarget.value))}
      />
    </label>
  );
}

/** "2026-11-23T10:30" of a moment, as the field wants it. */
export function localOf(moment: string): string {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function momentOf(local: string): string {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}
