/** What is said at the pointer, and when. */
import { act, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { WordsProvider, wordsOf } from "../words";
import { Tip } from "./Tip";

beforeEach(() => {
  vi.useFakeTimers();
  render(
    <WordsProvider words={wordsOf("en", {})} choose={() => undefined}>
      <button type="button" data-tip="Copies it">
        <i>icon</i>
      </button>
      <bdi data-country="FR">+33 1</bdi>
      <time dateTime="2026-11-28T13:00:00.250Z">1 hr. ago</time>
      <p>nothing</p>
      <Tip />
    </WordsProvider>,
  );
});
afterEach(() => vi.useRealTimers());

const shown = () => document.querySelector("#tip[data-shown]")?.textContent ?? null;
const rest = (on: string) => {
  fireEvent.pointerOver(screen.getByText(on));
  act(() => void vi.advanceTimersByTime(400));
};

it.each([
  ["icon", /^Copies it$/], // what stands around it
  ["+33 1", /^France$/],
  ["1 hr. ago", /2026.*00\.250/],
])("over %s it is told", (on, text) => {
  rest(on);
  expect(shown()).toMatch(text);
});

it("waits until the pointer rests, and goes when it leaves", () => {
  fireEvent.pointerOver(screen.getByText("icon"));
  expect(shown()).toBeNull();
  rest("icon");
  expect(document.querySelector("[aria-describedby=tip]")?.tagName).toBe("BUTTON");
  fireEvent.pointerOver(screen.getByText("nothing"));
  expect(shown()).toBeNull();
  expect(document.querySelector("[aria-describedby]")).toBeNull();
});

it("goes by Escape, and by a press", () => {
  for (const goes of [() => fireEvent.keyDown(document, { key: "Escape" }), () => fireEvent.pointerDown(document.body)]) {
    rest("icon");
    expect(shown()).toBe("Copies it");
    goes();
    expect(shown()).toBeNull();
  }
});
