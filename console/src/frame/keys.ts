/** Keys of the whole console: one listener, what the screens on show have registered, and `g` before the key of a screen. */
import { useLayoutEffect, useRef } from "react";
import { flushSync } from "react-dom";

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
  // With what is seen, not a moment after it: the next key may be there before an effect.
  useLayoutEffect(() => {
    current.current = keys;
  });
  useLayoutEffect(() => {
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

/** Escape leads out of a field, to where keys do something again. */
function leaveField({ key, target }: KeyboardEvent): void {
  if (key !== "Escape" || !(target instanceof HTMLElement) || target.ariaExpanded === "true" || covered()) return;
  target.blur();
}

/** Whether something lies over the screens that keys are for. */
function covered(): boolean {
  return document.querySelector("[role=dialog], [role=menu]") !== null;
}

/** Where Mantine puts what lies over the screens; it takes the one that is there (index.html). */
const OVER = "[data-mantine-shared-portal-node]";

/**
 * What a dialog asks first has the focus as soon as it stands. Mantine's trap waits for a timer, and keys that come before
 * it would be lost.
 */
function focusFirst(within: ParentNode): void {
  const asked = [...within.querySelectorAll<HTMLElement>("[role=dialog] [data-autofocus]")].at(-1);
  if (asked && !asked.closest("[role=dialog]")?.contains(document.activeElement)) asked.focus({ preventScroll: true });
}

function watchDialogs(): () => void {
  const over = document.querySelector(OVER);
  if (!over) return () => {};
  const watch = new MutationObserver((changes) => {
    if (changes.some((one) => one.addedNodes.length)) focusFirst(over);
  });
  watch.observe(over, { childList: true, subtree: true });
  return () => watch.disconnect();
}

export function listenToKeys(): () => void {
  let first = "";
  let at = 0;
  function press(event: KeyboardEvent) {
    if (event.defaultPrevented || event.altKey) return;
    if (typing(event.target)) return leaveField(event);
    if (event.ctrlKey || event.metaKey || covered()) return;
    const sequence = first && event.timeStamp - at < 1_200 ? `${first} ${event.key}` : event.key;
    first = event.key === "g" ? "g" : "";
    at = event.timeStamp;
    const action = keysNow()[sequence];
    if (!action) return;
    event.preventDefault();
    // What it opens stands, and has the focus, before the next key.
    flushSync(action[1]);
    focusFirst(document.body);
  }
  addEventListener("keydown", press);
  const stopWatching = watchDialogs();
  return () => {
    removeEventListener("keydown", press);
    stopWatching();
  };
}
