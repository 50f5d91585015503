/** Every language has all the words, in all the forms it needs; all that is said is there, and all that is there is said. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SCREENS } from "../screens";
import { type Catalogue, type Entry, LANGUAGES, type Language, wordsOf } from ".";

const catalogues = Object.fromEntries(
  await Promise.all(Object.entries(LANGUAGES).map(async ([name, one]) => [name, (await one.load()).default])),
) as Record<Language, Catalogue>;
const keysOf = (catalogue: Catalogue) =>
  Object.entries(catalogue).flatMap(([file, entries]) => Object.keys(entries).map((key) => `${file}.${key}`));
const english = keysOf(catalogues.en);

function sources(folder: string): string {
  return readdirSync(folder, { withFileTypes: true })
    .filter((one) => !one.name.includes(".test."))
    .map((one) => {
      const path = join(folder, one.name);
      if (one.isDirectory()) return sources(path);
      return /\.tsx?$/.test(one.name) ? readFileSync(path, "utf8") : "";
    })
    .join("\n");
}

/** What stands in quotes with a dot, and the beginnings and ends of keys that are put together. */
function said(): { whole: Set<string>; patterns: RegExp[] } {
  const code = sources("src");
  const whole = new Set([...code.matchAll(/"([a-z-]+\.[a-z0-9_-]+)"/g)].map((match) => match[1] as string));
  const patterns = [...code.matchAll(/`((?:[a-z.-]|\$\{[^}]*\})+)`/g)]
    .map((match) => match[1] as string)
    .filter((text) => text.includes("${") && text.includes("."))
    .map((text) => new RegExp(`^${text.replaceAll(".", "\\.").replace(/\$\{[^}]*\}/g, "[a-z0-9_-]+")}$`));
  return { whole, patterns };
}

function texts(entry: Entry): string[] {
  return typeof entry === "string" ? [entry] : Object.values(entry);
}

const holes = (text: string) => new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] as string));

describe.each(Object.keys(LANGUAGES) as Language[])("%s", (language) => {
  const catalogue = catalogues[language];
  const entry = (of: Catalogue, key: string) => of[key.split(".")[0] as string]?.[key.slice(key.indexOf(".") + 1)];

  it("has the keys of English, no more and no fewer", () => {
    expect(keysOf(catalogue).sort()).toEqual([...english].sort());
  });

  it("has every plural form that the language needs, and no other", () => {
    const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories.sort();
    const wrong = english.filter((key) => {
      const one = entry(catalogue, key);
      return typeof one === "object" && Object.keys(one).sort().join() !== needed.join();
    });
    expect(wrong).toEqual([]);
  });

  it("puts in what English puts in", () => {
    const wrong = english.filter((key) => {
      const ours = new Set(texts(entry(catalogue, key) ?? "").flatMap((text) => [...holes(text)]));
      const theirs = new Set(texts(entry(catalogues.en, key) ?? "").flatMap((text) => [...holes(text)]));
      return [...ours].sort().join() !== [...theirs].sort().join();
    });
    expect(wrong).toEqual([]);
  });
});

it("says nothing that is not there", () => {
  const { whole } = said();
  const files = new Set(Object.keys(catalogues.en));
  const missing = [...whole].filter((key) => files.has(key.split(".")[0] as string) && !english.includes(key));
  const titles = SCREENS.flatMap((one) => [`${one.name}.title`, ...(one.nav ? [`${one.name}.nav`] : [])]);
  expect([...missing, ...titles.filter((key) => !english.includes(key))]).toEqual([]);
});

it("keeps no word that nobody says", () => {
  const { whole, patterns } = said();
  const unsaid = english.filter((key) => !whole.has(key) && !patterns.some((pattern) => pattern.test(key)));
  expect(unsaid).toEqual([]);
});

it("puts values in by the rules of the language", () => {
  expect(wordsOf("en", { a: { b: { one: "{n} text", other: "{n} texts" } } }).say("a.b", { n: 1_200 })).toBe("1,200 texts");
  expect(wordsOf("ar", { a: { b: "إلى {to}" } }).say("a.b", { to: "+1" })).toBe("إلى \u2068+1\u2069");
  expect(wordsOf("en", { a: { b: "{gone}" } }).say("a.b")).toBe("{gone}");
});
