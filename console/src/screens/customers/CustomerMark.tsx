import { Mark } from "../../blocks/Status";
import { useWords } from "../../words";
import { type Customer, stateOf } from "./standing";

const TONES = { bound: "good", unbound: "warn", never: "calm", closed: "calm" } as const;

/** Whether a customer's ESME is bound, and how often. */
export function CustomerMark({ of }: { of: Customer }) {
  const { say } = useWords();
  const state = stateOf(of);
  return <Mark tone={TONES[state]}>{say(`customers.is-${state}`, { n: of.binds.length })}</Mark>;
}
