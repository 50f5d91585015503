/** The blocks: what they show of odd values, and what they keep of what was typed. */
import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { Problem, problemOf } from "../api/problem";
import { matches } from "../screens/MessageLog";
import { recipientsOf } from "../screens/compose/recipients";
import { LANGUAGES, type Words, WordsProvider, wordsOf } from "../words";
import { Facts, Said, Told } from "./Facts";
import { localOf, momentOf } from "./FilterBar";
import { Form, useForm } from "./Form";
import { Num } from "./Num";
import { Failure, Trouble } from "./States";
import { Status } from "./Status";
import { TellProvider, useTell } from "./tell";
import { since } from "./Timeline";
import { relative } from "./When";

let words: Words;
beforeAll(async () => {
  words = wordsOf("en", (await LANGUAGES.en.load()).default);
  window.matchMedia ??= () => ({ matches: false, addEventListener: () => {}, removeEventListener: () => {} }) as never;
});

function show(children: ReactNode) {
  return render(
    <WordsProvider words={words} choose={() => undefined}>
      <MantineProvider env="test">
        <TellProvider>{children}</TellProvider>
      </MantineProvider>
    </WordsProvider>,
  );
}

describe("moments", () => {
  const at = Date.parse("2026-11-28T12:00:00Z");
  it.each([
    [0, "now"],
    [-4_000, "now"],
    [-59_000, "59 sec. ago"],
    [-3_600_000, "1 hr. ago"],
    [-86_400_000, "yesterday"],
    [7_200_000, "in 2 hr."],
  ])("%i ms away is %s", (away, told) => expect(relative(at + away, at, "en")).toBe(told));
  it.each([
    ["2026-11-28T12:00:00.000Z", "2026-11-28T12:00:00.021Z", "+21 ms"],
    ["2026-11-28T12:00:00.000Z", "2026-11-28T12:00:02.500Z", "+2.5 sec"],
    ["2026-11-28T12:00:01.000Z", "2026-11-28T12:00:00.000Z", "+0 ms"],
  ])("from %s to %s is %s", (from, to, told) => expect(since(from, to, "en")).toBe(told));
  it("goes into a field and comes back as the same moment", () => {
    const moment = "2026-11-28T12:34:00.000Z";
    expect(momentOf(localOf(moment))).toBe(moment);
    expect([localOf("nonsense"), momentOf("")]).toEqual(["", ""]);
  });
});

describe("what is pasted as recipients", () => {
  it.each([
    ["lines", "+15551230100\n+15551230101\r\n", ["+15551230100", "+15551230101"], []],
    ["as people write them", "+1 (555) 123-0100; 030/1234567", ["+15551230100", "0301234567"], []],
    ["each once", "+15551230100,+1 555 123 0100", ["+15551230100"], []],
    ["with what is none", "name,number\nAnn,+15551230100", ["+15551230100"], ["name", "number", "Ann"]],
    ["nothing", " \n,;", [], []],
  ])("%s", (_, pasted, numbers, odd) => expect(recipientsOf(pasted)).toEqual({ numbers, odd }));
});

describe("whether a message that came belongs on a list", () => {
  const message = { status: "sent", direction: "mt", to: "+1", from: "A", client_ref: null, tags: ["x"], created_at: "2026-01-02T00:00:00.000Z" };
  it.each([
    [{}, true],
    [{ status: "sent", to: "+1", tag: "x" }, true],
    [{ status: "failed" }, false],
    [{ direction: "mo" }, false],
    [{ tag: "y" }, false],
    [{ client_ref: "r" }, false],
    [{ since: "2026-01-03T00:00:00.000Z" }, false],
    [{ until: "2026-01-03T00:00:00.000Z" }, true],
  ])("%o: %s", (filters, belongs) => expect(matches(message as never, filters)).toBe(belongs));
});

describe("text of people", () => {
  it("is never markup", () => {
    show(<Said text={'<img src=x onerror="alert(1)"> & <b>bold</b>'} />);
    expect(document.querySelector("img, b")).toBeNull();
    expect(screen.getByText(/<b>bold<\/b>/)).toBeTruthy();
  });
  it("of the API shows code as code", () => {
    show(<Told text="write it into `receipt_errors`" />);
    expect(screen.getByText("receipt_errors").tagName).toBe("CODE");
  });
  it("leaves out what has no value", () => {
    show(<Facts of={[["A", null], ["B", ""], ["C", 0]]} />);
    expect(screen.queryByText("A")).toBeNull();
    expect(screen.getByText("0")).toBeTruthy();
  });
  it("shows a status it does not know as it is", () => {
    show(<Status status="pondering" />);
    expect(screen.getByText("pondering")).toBeTruthy();
  });
  it("writes figures with their unit", () => {
    show(<><Num n={1234567} /> <Num n={21} unit="millisecond" /> <Num n={null} /></>);
    expect(screen.getByText("1,234,567")).toBeTruthy();
    expect(screen.getByText("21 ms")).toBeTruthy();
  });
});

describe("problems", () => {
  const response = (status: number, headers = {}) => new Response("", { status, headers });
  it("keep what the API told", () => {
    const told = problemOf(response(429, { "retry-after": "3", "x-request-id": "req_1" }), { code: "rate_limited", title: "Slow down", detail: "Too many." });
    expect([told.code, told.retryAfter, told.requestId, told.passing]).toEqual(["rate_limited", 3, "req_1", true]);
  });
  it("are told even where a proxy answered with a page", () => {
    expect(problemOf(response(502), "<html>").code).toBe("http_502");
  });
  it("say that tidings is away, and offer to try again", async () => {
    const again = vi.fn();
    show(<Failure problem={new Problem(0, "unreachable", "", "")} again={again} />);
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(screen.getByRole("alert").textContent).toContain("cannot be reached");
    expect(again).toHaveBeenCalledOnce();
  });
  it("of a limit say when", () => {
    show(<Trouble problem={new Problem(429, "rate_limited", "Slow down", "Too many.", [], 1)} />);
    expect(screen.getByRole("alert").textContent).toContain("Try again in 1 second.");
  });
});

describe("a form", () => {
  function Try({ send }: { send: (values: { name: string }) => Promise<void> }) {
    const form = useForm({ name: "" }, send);
    return (
      <Form form={form} label="try">
        <input aria-label="name" value={form.values.name} onChange={(event) => form.set("name", event.target.value)} />
        <output>{form.error("name")}</output>
        <button type="submit">Send</button>
      </Form>
    );
  }
  it("shows a fault at its field, keeps what was typed, and forgets the fault when it is typed over", async () => {
    const send = vi.fn(async () => {
      throw new Problem(422, "validation_failed", "Validation failed", "", [{ pointer: "/name", detail: "is too odd" }]);
    });
    show(<Try send={send} />);
    const field = screen.getByLabelText<HTMLInputElement>("name");
    await userEvent.type(field, "odd{Enter}");
    expect(screen.getByRole("status").textContent).toBe("is too odd");
    expect(screen.queryByRole("alert")).toBeNull();
    expect(field.value).toBe("odd");
    await userEvent.type(field, "er");
    expect(screen.getByRole("status").textContent).toBe("");
  });
  it("shows what is wrong with no field of its own", async () => {
    show(<Try send={() => Promise.reject(new Problem(409, "conflict", "Changed meanwhile", "Load it again."))} />);
    await userEvent.click(screen.getByRole("button", { name: "Send" }));
    expect(screen.getByRole("alert").textContent).toContain("Load it again.");
  });
});

it("asks before what cannot be undone, and does nothing on no", async () => {
  const answers: boolean[] = [];
  function Ask() {
    const { confirm } = useTell();
    return (
      <button type="button" onClick={async () => answers.push(await confirm({ title: "Really?", yes: "Do it" }))}>
        Ask
      </button>
    );
  }
  show(<Ask />);
  await userEvent.click(screen.getByRole("button", { name: "Ask" }));
  await userEvent.click(await screen.findByRole("button", { name: "Cancel" }));
  await userEvent.click(screen.getByRole("button", { name: "Ask" }));
  await userEvent.click(await screen.findByRole("button", { name: "Do it" }));
  await vi.waitFor(() => expect(answers).toEqual([false, true]));
});
