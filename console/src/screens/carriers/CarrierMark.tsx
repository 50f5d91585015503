import { Mark, type Tone } from "../../blocks/Status";
import { useWords } from "../../words";

const TONES: Record<string, Tone> = { up: "good", connecting: "accent", degraded: "warn", flapping: "warn", down: "bad", paused: "calm", unattended: "bad" };

/** Where a carrier or one of its binds stands. */
export function CarrierMark({ state }: { state: string }) {
  const { say } = useWords();
  return <Mark tone={TONES[state] ?? "calm"}>{say(`carriers.is-${state}`)}</Mark>;
}
