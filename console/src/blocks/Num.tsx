/** Numbers: figures with their unit, and telephone numbers as their country writes them. */
import { useEffect, useState } from "react";
import { useWords } from "../words";

/** 12,345 · 1.2M · 3 ms: `unit` is one that Intl knows (`millisecond`, `byte`, `percent` …). */
export function Num(props: { n: number | null | undefined; unit?: string; compact?: boolean; digits?: number }) {
  const { locale } = useWords();
  if (props.n == null) return <span aria-hidden>–</span>;
  const format = new Intl.NumberFormat(locale, {
    ...(props.unit ? { style: "unit", unit: props.unit, unitDisplay: "short" } : {}),
    ...(props.compact ? { notation: "compact" } : {}),
    maximumFractionDigits: props.digits ?? (props.compact ? 1 : 0),
  });
  return <bdi>{format.format(props.n)}</bdi>;
}

type Formatter = (number: string) => { text: string; country: string | null };
let formatter: Formatter | undefined;
let coming: Promise<void> | undefined;
const known = new Map<string, ReturnType<Formatter>>();

/** The rules of all countries are a tenth of the first load, so they come after it, once the screen stands. */
function bring(): Promise<void> {
  coming ??= rest().then(() =>
    // Taken apart right here, so that the build leaves out the rest of the library.
    import("libphonenumber-js/min").then(({ parsePhoneNumberFromString }) => {
      formatter = (number) => {
        const found = number.startsWith("+") ? parsePhoneNumberFromString(number) : undefined;
        return { text: found?.formatInternational() ?? number, country: found?.country ?? null };
      };
    }),
  );
  return coming;
}

/** Until the browser has nothing else to do. */
function rest(): Promise<void> {
  return new Promise((rested) => {
    if ("requestIdleCallback" in window) requestIdleCallback(() => rested(), { timeout: 2_000 });
    else setTimeout(rested, 500);
  });
}

function formatted(number: string): ReturnType<Formatter> {
  const before = known.get(number);
  if (before) return before;
  const made = formatter?.(number) ?? { text: number, country: null };
  if (formatter) {
    if (known.size > 5_000) known.clear();
    known.set(number, made);
  }
  return made;
}

function usePhone(number: string): ReturnType<Formatter> {
  const [, arrived] = useState(formatter !== undefined);
  useEffect(() => {
    if (formatter) return;
    bring().then(
      () => arrived(true),
      () => undefined, // it stays as it is then
    );
  }, []);
  return formatted(number);
}

/** As `Phone`, for sentences. */
export function usePhoneText(number: string): string {
  return usePhone(number).text;
}

/** A telephone number, name or short code; the country on hover. What is no E.164 number stays as it is. */
export function Phone({ number }: { number: string }) {
  const { text, country } = usePhone(number);
  return (
    <bdi dir="ltr" style={{ whiteSpace: "nowrap" }} data-country={country ?? undefined}>
      {text}
    </bdi>
  );
}
