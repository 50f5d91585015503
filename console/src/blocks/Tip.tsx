/**
 * The word at the pointer: one for the whole console, so that hundreds of rows carry no more than an attribute each.
 * `data-tip` is shown as it is; the exact moment of a `<time>` and the country of `data-country` are worked out when asked for.
 */
import { useEffect, useRef } from "react";
import { useWords } from "../words";
import style from "./Tip.module.css";
import { exact } from "./When";

const DELAY_MS = 350;
const SPOKEN = "[data-tip], [data-country], time[datetime]";
const GAP = 6;

export function Tip() {
  const { locale } = useWords();
  const bubble = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let over: HTMLElement | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;

    function leave() {
      clearTimeout(timer);
      over?.removeAttribute("aria-describedby");
      over = null;
      bubble.current?.removeAttribute("data-shown");
    }
    function show() {
      const box = bubble.current;
      const text = over?.isConnected && textOf(over, locale);
      if (!box || !over || !text) return;
      box.textContent = text;
      box.setAttribute("data-shown", "");
      over.setAttribute("aria-describedby", "tip");
      place(box, over.getBoundingClientRect());
    }
    function enter(event: Event) {
      const found = event.target instanceof Element ? event.target.closest<HTMLElement>(SPOKEN) : null;
      if (found === over) return;
      leave();
      if (!found || (event instanceof PointerEvent && event.pointerType === "touch")) return;
      if (event.type === "focusin" && !found.matches(":focus-visible")) return;
      over = found;
      timer = setTimeout(show, DELAY_MS);
    }
    const escape = (event: KeyboardEvent) => event.key === "Escape" && leave();

    const turned = new AbortController();
    const options = { signal: turned.signal, passive: true, capture: true };
    for (const type of ["pointerover", "focusin"]) document.addEventListener(type, enter, options);
    for (const type of ["pointerdown", "focusout", "scroll"]) document.addEventListener(type, leave, options);
    document.documentElement.addEventListener("pointerleave", leave, options);
    document.addEventListener("keydown", escape, options);
    return () => {
      leave();
      turned.abort();
    };
  }, [locale]);
  return <div ref={bubble} id="tip" role="tooltip" className={style.tip} />;
}

export function textOf(element: HTMLElement, locale: string): string {
  const { tip, country } = element.dataset;
  if (tip !== undefined) return tip;
  if (country) return new Intl.DisplayNames(locale, { type: "region" }).of(country) ?? country;
  return exact(Date.parse(element.getAttribute("datetime") ?? ""), locale, true);
}

/** Above what it speaks of, or below where there is no room; within the window. */
function place(box: HTMLElement, of: DOMRect) {
  const { width, height } = box.getBoundingClientRect();
  const above = of.top - height - GAP;
  const start = Math.max(GAP, Math.min(of.left + of.width / 2 - width / 2, innerWidth - width - GAP));
  box.style.translate = `${start}px ${above >= GAP ? above : of.bottom + GAP}px`;
}
