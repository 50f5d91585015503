/** Keys of the whole console: one listener, what the screens on show have registered, and `g` before the key of a screen. */
import { useEffect, useRef } from "react";

export type Action = readonly [label: string, run: () => void];
type Keys = Record<string, Action>;

const layers: { keys: () => Keys }[] = [];

/** Every key that does something now, with what it does; the newest registration of a key wins. */
export function keysNow(): Keys {
  return Object.assign({}, ...layers.map((layer) => layer.keys()));
}

/** `useKeys({ n: ["New", open] })`: while this is on the screen; `g l` is `l` after `g`. */
export function useKeys(keys: Keys): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    const layer = { keys: () => current.current };
    layers.push(layer);
    return () => {
      layers.splice(layers.indexOf(layer), 1);
    };
  }, []);
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Whether something lies over the screens that keys are for. */
function covered(): boolean {
  return document.querySelector("[role=dialog], [role=menu]") !== null;
}

export function listenToKeys(): () => void {
  let first = "";
  let at = 0;
  function press(event: KeyboardEvent) {
    if (event.defaultPrevented || event.altKey || typing(event.target)) return;
    if (event.ctrlKey || event.metaKey || covered()) return;
    const sequence = first && event.timeStamp - at < 1_200 ? `${first} ${event.key}` : event.key;
    first = event.key === "g" ? "g" : "";
    at = event.timeStamp;
    const action = keysNow()[sequence];
    if (!action) return;
    event.preventDefault();
    action[1]();
  }
  addEventListener("keydown", press);
  return () => removeEventListener("keydown", press);
}
