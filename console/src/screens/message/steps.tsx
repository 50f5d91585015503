/** The story of a message as steps of a timeline, in the order in which they happened. */
import type { Schemas } from "../../api/client";
import { Raw } from "../../blocks/Facts";
import { Status, toneOf } from "../../blocks/Status";
import type { Step } from "../../blocks/Timeline";
import type { IconName } from "../../design/icons";
import type { Words } from "../../words";

type Story = Schemas["Explanation"];

const ICONS: Record<string, IconName> = {
  accepted: "door",
  scheduled: "clock",
  queued: "list",
  sent: "send",
  delivered: "checks",
  undelivered: "cross",
  failed: "cross",
  expired: "clock",
  rejected: "shield",
  canceled: "cross",
  unknown: "info",
  received: "inbox",
};

/** What keys and people are called, as far as the reader may know. */
export type NameOf = (id: string) => string | undefined;

export function stepsOf(story: Story, words: Words, nameOf: NameOf): Step[] {
  const all = [...events(story, words, nameOf), ...gates(story, words), ...attempts(story, words), ...receipts(story, words), ...calls(story, words)];
  const order = (step: Step) => (step.at === null ? Number.POSITIVE_INFINITY : Date.parse(step.at));
  return all
    .map((step, at) => ({ step, at }))
    .sort((a, b) => order(a.step) - order(b.step) || a.at - b.at)
    .map(({ step }) => step);
}

function events(story: Story, words: Words, nameOf: NameOf): Step[] {
  return story.events.map((one) => {
    const status = one.type.replace(/^message\./, "");
    const first = one.sequence === 1 ? origin(story, words, nameOf) : null;
    const queued = status === "queued" && story.route ? story.route.why : null;
    return {
      key: `event-${one.sequence}`,
      at: one.occurred_at,
      icon: ICONS[status] ?? "info",
      tone: toneOf(status),
      title: <Status status={status} />,
      detail: first ?? queued ?? said(one.data),
    };
  });
}

function origin(story: Story, words: Words, nameOf: NameOf): string | null {
  if (!story.origin?.door) return null;
  const by = story.origin.user ?? story.origin.key ?? story.origin.esme;
  const door = worded(`step.door-${plain(story.origin.door)}`, story.origin.door, words);
  return by ? words.say("step.came-by", { door, by: nameOf(by) ?? by }) : words.say("step.came", { door });
}

/** A word of the API in the reader's language; one that has none yet stays as it is. */
const worded = (key: string, word: string, { say, has }: Words) => (has(key) ? say(key) : word);
const plain = (word: string) => word.replaceAll("_", "-");

/** What an event tells besides, where it is words. */
function said(data: Record<string, unknown> | null): string | null {
  const detail = data?.detail ?? data?.carrier;
  return typeof detail === "string" ? detail : null;
}

function gates(story: Story, words: Words): Step[] {
  return story.gates.map((gate, at) => ({
    key: `gate-${at}`,
    at: gate.occurred_at,
    icon: "shield",
    tone: gate.allowed ? "calm" : "bad",
    title: words.say(gate.allowed ? "step.gate-open" : "step.gate-shut", { rule: worded(`step.rule-${plain(gate.rule)}`, gate.rule, words) }),
    // Most texts pass, and are told so in the reader's language; why one did not, the API says.
    detail: gate.allowed && gate.rule === "suppression" && story.message.category !== "system" ? words.say("step.not-opted-out") : gate.detail,
  }));
}

function attempts(story: Story, words: Words): Step[] {
  const { say, locale } = words;
  return story.attempts.map((one, at) => ({
    key: `attempt-${at}`,
    at: one.started_at,
    icon: "tower",
    tone: one.outcome === "sent" ? "accent" : one.outcome === null ? "calm" : "warn",
    title: say("step.attempt", { n: one.part, bind: one.bind }),
    detail: [
      one.outcome === null ? say("step.open") : worded(`step.outcome-${plain(one.outcome)}`, one.outcome, words),
      one.took_ms === null || one.took_ms === undefined
        ? null
        : new Intl.NumberFormat(locale, { style: "unit", unit: "millisecond" }).format(one.took_ms),
      one.carrier_id && say("step.carrier-id", { id: one.carrier_id }),
      one.carrier_code,
      one.detail,
    ]
      .filter(Boolean)
      .join(" · "),
    more: one.pdu ? <Raw value={one.pdu} /> : undefined,
  }));
}

function receipts(story: Story, { say }: Words): Step[] {
  return story.receipts.map((one, at) => ({
    key: `receipt-${at}`,
    at: one.received_at,
    icon: "receipt",
    tone: toneOf(one.status),
    title: say("step.receipt", { state: one.state, carrier: one.carrier }),
    detail: one.error_code && one.error_code !== "000" ? say("step.error-code", { code: one.error_code }) : null,
    more: <Raw value={one.raw} />,
  }));
}

function calls(story: Story, words: Words): Step[] {
  return story.webhooks.map((one) => ({
    key: one.id,
    at: one.last?.at ?? one.next_at,
    icon: "hook",
    tone: one.status === "delivered" ? "good" : one.status === "dead" ? "bad" : "warn",
    title: words.say("step.webhook", { type: one.type }),
    detail: [one.url, worded(`deliveries.is-${one.status}`, one.status, words), one.last?.status_code, one.last?.detail].filter(Boolean).join(" · "),
  }));
}
