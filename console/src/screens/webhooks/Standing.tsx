/** Whether an endpoint is called. */
import type { Schemas } from "../../api/client";
import { Mark } from "../../blocks/Status";
import { useWords } from "../../words";

export function Standing({ of }: { of: Schemas["Webhook"] }) {
  const { say } = useWords();
  if (!of.enabled) return <Mark tone={of.disabled_reason ? "bad" : "calm"}>{say("webhooks.is-off")}</Mark>;
  const failures = of.failures_in_a_row ?? 0;
  if (failures >= 5) return <Mark tone="bad">{say("webhooks.is-failing")}</Mark>;
  return failures ? <Mark tone="warn">{say("webhooks.is-shaky")}</Mark> : <Mark tone="good">{say("webhooks.is-on")}</Mark>;
}
