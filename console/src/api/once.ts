/** Idempotency keys: pressing twice, or again after no answer, does it once. */
import { useRef } from "react";

export interface Once {
  /** The same key for the same body. */
  keyOf: (body: unknown) => string;
  /** It was done: the same body again is meant. */
  done: () => void;
}

export function useOnce(): Once {
  const last = useRef({ body: "", key: "" });
  return {
    keyOf: (body) => {
      const text = JSON.stringify(body);
      if (last.current.body !== text) {
        last.current = { body: text, key: keyOnce() };
      }
      return last.current.key;
    },
    done: () => {
      last.current = { body: "", key: "" };
    },
  };
}

/** A key that nobody used before. */
export function keyOnce(): string {
  const octets = crypto.getRandomValues(new Uint8Array(16));
  return `console-${[...octets].map((one) => one.toString(16).padStart(2, "0")).join("")}`;
}
