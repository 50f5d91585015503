/** A code as it is edited: all of its fields, of which only those that say something are sent. */
import type { Schemas } from "../../api/client";

export type Rule = Required<Schemas["Rule"]>;
export type Parameter = Schemas["Parameter"];
export type Action = Rule["actions"][number];

export const BLANK: Rule = {
  name: "",
  keywords: [],
  translations: {},
  fuzzy: false,
  regex: null,
  default: false,
  parameters: [],
  senders: [],
  priority: 100,
  starts_at: null,
  ends_at: null,
  hours: null,
  time_zone: "UTC",
  help: "",
  actions: [{ type: "reply", text: "" }],
  enabled: true,
};

/** A code of the API, or of a file, without what is not the writer's. */
export function ruleOf(code: Partial<Schemas["Code"]> | Schemas["Rule"]): Rule {
  const known = Object.entries(code).filter(([name, value]) => name in BLANK && value !== undefined);
  return { ...BLANK, ...Object.fromEntries(known) };
}

/** As it stands in a file: what is as by default is left out. */
export function terse(rule: Rule): Schemas["Rule"] {
  const same = (name: string) => JSON.stringify(rule[name as keyof Rule]) === JSON.stringify(BLANK[name as keyof Rule]);
  return Object.fromEntries(Object.entries(rule).filter(([name]) => name === "name" || name === "actions" || !same(name))) as Schemas["Rule"];
}

/** `yes: y, oui` a line, and back. */
export function linesOf(choices: Record<string, readonly string[]>): string {
  return Object.entries(choices)
    .map(([name, others]) => (others.length ? `${name}: ${others.join(", ")}` : name))
    .join("\n");
}

export function choicesOf(lines: string): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const line of lines.split("\n")) {
    const [name = "", rest = ""] = line.split(/:(.*)/s);
    if (name.trim()) found[name.trim()] = rest.split(",").map((one) => one.trim()).filter(Boolean);
  }
  return found;
}

/** The codes of a file: `{"codes": […]}`, or a list of them; what a listing adds is taken off. Throws where it is neither. */
export function codesOf(text: string): Schemas["Rule"][] {
  const read: unknown = JSON.parse(text);
  const list = Array.isArray(read) ? read : (read as { codes?: unknown; data?: unknown })?.codes ?? (read as { data?: unknown })?.data;
  if (!Array.isArray(list)) throw new SyntaxError("codes");
  return list.map((one: Record<string, unknown>) => {
    const { id: _id, created_at: _made, changed_at: _changed, reports: _reports, ...rule } = one;
    return rule as unknown as Schemas["Rule"];
  });
}

const FILES = import.meta.glob<{ codes: Schemas["Rule"][] }>("../../../../docs/howto/codes/*.json", { import: "default" });

/** Ready examples by their name: those of the documentation. */
export const EXAMPLES = Object.entries(FILES).map(([path, load]) => ({ name: path.replace(/^.*\/|\.json$/g, ""), load }));
