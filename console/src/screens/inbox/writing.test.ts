/** What is written goes once, in order, and comes back whole. */
import { expect, it } from "vitest";
import { act, renderHook } from "@testing-library/react";
import { Problem } from "../../api/problem";
import { send, type Underway, useWriting, write } from "./writing";

let count = 0;

function thread() {
  count += 1;
  const id = `conv_${count}`;
  const { result, unmount } = renderHook(() => useWriting(id));
  const sent: Underway[] = [];
  const unseen: unknown[] = [];
  const waits: { done: () => void; refuse: (fault: unknown) => void }[] = [];
  const deliver = (one: Underway) =>
    new Promise<void>((done, refuse) => {
      sent.push(one);
      waits.push({ done, refuse });
    });
  return {
    now: () => result.current,
    leave: unmount,
    sent,
    unseen,
    type: (text: string, kind: "reply" | "note" = "reply") => act(() => write(id, { kind, [kind]: text })),
    enter: () => act(() => send(id, deliver, (fault) => unseen.push(fault))),
    arrives: () => act(async () => waits.shift()?.done()),
    fails: (status = 0) => act(async () => waits.shift()?.refuse(new Problem(status, "x", "x", "x"))),
  };
}

it("leaves the field at once, and what is typed meanwhile is a text of its own", async () => {
  const one = thread();
  one.type("Yes.");
  one.enter();
  expect(one.now().reply).toBe("");
  one.type("And tomorrow?");
  one.enter();
  expect(one.sent.map((each) => each.text)).toEqual(["Yes."]);
  await one.arrives();
  expect(one.sent.map((each) => each.text)).toEqual(["Yes.", "And tomorrow?"]);
  await one.arrives();
  expect(one.now()).toMatchObject({ reply: "", under: [], problem: null });
});

it("comes back before what was typed since, with what waited behind it", async () => {
  const one = thread();
  one.type("First");
  one.enter();
  one.type("Second");
  one.enter();
  one.type("Thi");
  await one.fails();
  expect(one.sent.length).toBe(1);
  expect(one.now()).toMatchObject({ reply: "First\nSecond\nThi", under: [], problemOf: "reply" });
  expect(one.now().problem).toBeInstanceOf(Problem);
});

it("goes again under the same key, until it was changed", async () => {
  const one = thread();
  one.type("Yes.");
  one.enter();
  await one.fails();
  one.enter();
  await one.fails(429);
  one.type("Yes!");
  one.enter();
  const [first, again, other] = one.sent;
  expect(again?.key).toBe(first?.key);
  expect(other?.key).not.toBe(first?.key);
  expect([first?.doubtful, again?.doubtful, other?.doubtful]).toEqual([false, true, false]);
});

it("does not turn a note under the fingers into a reply", async () => {
  const one = thread();
  one.type("Yes.");
  one.enter();
  one.type("He is cro", "note");
  await one.fails();
  expect(one.now()).toMatchObject({ kind: "note", note: "He is cro", reply: "Yes.", problemOf: "reply" });
});

it("is told elsewhere when nobody looks at the thread any more", async () => {
  const one = thread();
  one.type("Yes.");
  one.enter();
  one.leave();
  await one.fails();
  expect(one.unseen.length).toBe(1);
});
