/** What the console says, in the language of its reader: catalogues of flat keys, plurals by the rules of each language. */
import { createContext, type ReactNode, useContext, useMemo } from "react";

/** A sentence with `{names}`, or one for each plural form of `n`. */
export type Entry = string | Partial<Record<Intl.LDMLPluralRule, string>>;
export type Catalogue = Record<string, Record<string, Entry>>;
export type Values = Record<string, string | number>;
export type Say = (key: string, values?: Values) => string;

export const LANGUAGES = {
  en: { name: "English", direction: "ltr", load: () => import("./en") },
  es: { name: "Español", direction: "ltr", load: () => import("./es") },
  ar: { name: "العربية", direction: "rtl", load: () => import("./ar") },
} as const;
export type Language = keyof typeof LANGUAGES;

const KEPT = "tidings.language";

/** The language chosen before, else the first of the browser's that there is, else English. */
export function chosenLanguage(): Language {
  const wanted = [localStorage.getItem(KEPT), ...navigator.languages.map((one) => one.split("-")[0])];
  return (wanted.find((one) => one && one in LANGUAGES) ?? "en") as Language;
}

export function keepLanguage(language: Language): void {
  localStorage.setItem(KEPT, language);
}

export interface Words {
  language: Language;
  /** For Intl: the reader's own region where its language is the chosen one. */
  locale: string;
  say: Say;
  /** Whether there is such a key. */
  has: (key: string) => boolean;
}

/** What runs the other way, or turns what stands behind it: it is kept apart (Unicode, UAX #9). */
const OTHER_WAY = /[\u0590-\u08ff\ufb1d-\ufefc\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** Without the signs that turn the text around them, for places that have no element of their own for it. */
export function untwisted(text: string): string {
  return text.replace(/[\u202a-\u202e\u2066-\u2069]/g, "");
}

/** `say` over a catalogue. A missing key is shown as itself, and told: a test finds them all. */
export function wordsOf(language: Language, catalogue: Catalogue): Words {
  const locale = navigator.languages.find((one) => one.split("-")[0] === language) ?? language;
  const plural = new Intl.PluralRules(locale);
  const number = new Intl.NumberFormat(locale);
  const apart = (value: string) => (LANGUAGES[language].direction === "rtl" || OTHER_WAY.test(value) ? `\u2068${untwisted(value)}\u2069` : value);
  const find = (key: string): Entry | undefined => {
    const dot = key.indexOf(".");
    return catalogue[key.slice(0, dot)]?.[key.slice(dot + 1)];
  };
  const say: Say = (key, values = {}) => {
    const entry = find(key);
    if (entry === undefined) {
      console.error(`no words for ${key}`);
      return key;
    }
    const text = typeof entry === "string" ? entry : (entry[plural.select(Number(values.n))] ?? entry.other ?? key);
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      if (value === undefined) return whole;
      return typeof value === "number" ? number.format(value) : apart(value);
    });
  };
  return { language, locale, say, has: (key) => find(key) !== undefined };
}

const Context = createContext<(Words & { choose: (language: Language) => void }) | null>(null);

export function WordsProvider(props: { words: Words; choose: (language: Language) => void; children: ReactNode }) {
  const value = useMemo(() => ({ ...props.words, choose: props.choose }), [props.words, props.choose]);
  return <Context value={value}>{props.children}</Context>;
}

/** The words of a component: `const { say } = useWords()`, then `say("log.title")`. */
export function useWords() {
  const words = useContext(Context);
  if (!words) throw new Error("useWords outside of WordsProvider");
  return words;
}

/** The files of one language, as one catalogue. */
export function gather(files: Record<string, unknown>): Catalogue {
  return Object.fromEntries(
    Object.entries(files).map(([path, entries]) => [path.replace(/^.*\/|\.json$/g, ""), entries as Record<string, Entry>]),
  );
}
