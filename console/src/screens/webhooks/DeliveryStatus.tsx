import { Mark, type Tone } from "../../blocks/Status";
import { useWords } from "../../words";

const TONES: Record<string, Tone> = { waiting: "accent", delivered: "good", dead: "bad", canceled: "calm" };

/** Where a delivery stands. */
export function DeliveryStatus({ status }: { status: string }) {
  const { say } = useWords();
  return <Mark tone={TONES[status] ?? "calm"}>{say(`deliveries.is-${status}`)}</Mark>;
}
