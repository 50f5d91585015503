/** What a line of the audit log tells besides, as sentences. */
import type { Schemas } from "../../api/client";
import type { Words } from "../../words";
import { browserOf } from "../account/browsers";

type Teller = (value: unknown, words: Words) => string;

const TELLERS: Record<string, Teller> = {
  why: (value, { say, has }) => {
    const key = `audit.why-${String(value).replaceAll(" ", "-")}`;
    return has(key) ? say(key) : String(value);
  },
  method: (value, { say }) => say(value === "oidc" ? "audit.tells-oidc" : "audit.tells-password"),
  agent: (value, { say }) => (value ? say("audit.tells-agent", { agent: browserOf(String(value)) }) : ""),
  role: changed("role", (value, { say }) => say(`people.role-${value}`)),
  status: changed("status", (value, { say }) => say(`people.is-${value}`)),
  name: changed("name", (value) => String(value)),
  factor_required: (value, { say }) => say((Array.isArray(value) ? value[1] : value) ? "audit.tells-factor" : "audit.tells-no-factor"),
  sessions: (value, { say }) => say("audit.tells-sessions", { n: Number(value) }),
  left: (value, { say }) => say("audit.tells-left", { n: Number(value) }),
  scope: (value, { say, has }) => {
    const key = `api-keys.scope-${String(value).replace("+", "-and-")}`;
    return say("audit.tells-scope", { scope: has(key) ? say(key) : String(value) });
  },
  fields: (value, { say, has, locale }) => {
    const named = (value as string[]).map((name) => (has(`audit.field-${name.replaceAll("_", "-")}`) ? say(`audit.field-${name.replaceAll("_", "-")}`) : name));
    return say("audit.tells-fields", { fields: new Intl.ListFormat(locale).format(named) });
  },
  by: (value, { say }) => (value === "link" ? say("audit.tells-link") : String(value)),
  without_factor: (_, { say }) => say("audit.tells-without-factor"),
};

/** What has no words yet is told as it is. */
export function tells(entry: Schemas["AuditEntry"], words: Words): string[] {
  return Object.entries(entry.detail ?? {})
    .map(([name, value]) => (Object.hasOwn(TELLERS, name) ? TELLERS[name]?.(value, words) : undefined) ?? `${name}: ${JSON.stringify(value)}`)
    .filter(Boolean);
}

/** One value, or what it was and what it became. */
function changed(name: string, shown: Teller): Teller {
  return (value, words) =>
    Array.isArray(value)
      ? words.say(`audit.tells-${name}-changed`, { before: shown(value[0], words), after: shown(value[1], words) })
      : words.say(`audit.tells-${name}`, { value: shown(value, words) });
}
