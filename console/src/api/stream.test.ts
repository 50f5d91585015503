/** The stream: blocks cut anywhere, batches, coming again behind the last event, and gaps that are told. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Blocks, type Happening, Stream } from "./stream";

describe("blocks of a text/event-stream", () => {
  const wire = 'retry: 1500\nid: pos_1\nevent: stream.open\ndata: {}\n\n: still here\n\nid: pos_2\r\nevent: a\r\ndata: 1\r\ndata: 2\r\n\r\n';
  const whole = [
    { retry: 1500, id: "pos_1", event: "stream.open", data: "{}" },
    { id: "pos_2", event: "a", data: "1\n2" },
  ];
  it.each([1, 2, 3, 7, 1_000])("are the same in pieces of %i characters", (size) => {
    const blocks = new Blocks();
    const found = [];
    for (let at = 0; at < wire.length; at += size) found.push(...blocks.take(wire.slice(at, at + size)));
    expect(found).toEqual(whole);
  });
});

interface Asked {
  last: string | null;
  say: (text: string) => void;
  end: () => void;
}

describe("a stream", () => {
  let asked: Asked[];
  let answer: () => number;
  const heard: (readonly Happening[])[] = [];
  let gaps = 0;
  let stream: Stream;

  beforeEach(() => {
    vi.useFakeTimers();
    asked = [];
    heard.length = 0;
    gaps = 0;
    answer = () => 200;
    vi.stubGlobal("navigator", { ...navigator, locks: undefined });
    vi.stubGlobal("fetch", async (_: string, how: { headers: Record<string, string>; signal: AbortSignal }) => {
      const status = answer();
      let writer!: ReadableStreamDefaultController<Uint8Array>;
      const body = new ReadableStream<Uint8Array>({ start: (controller) => void (writer = controller) });
      how.signal.addEventListener("abort", () => {
        try {
          writer.error(new Error("aborted"));
        } catch {
          // it has ended
        }
      });
      asked.push({
        last: how.headers["Last-Event-ID"] ?? null,
        say: (text) => writer.enqueue(new TextEncoder().encode(text)),
        end: () => writer.close(),
      });
      return new Response(status === 200 ? body : "{}", { status });
    });
    stream = new Stream();
    stream.listen((events, gap) => {
      heard.push(events);
      if (gap) gaps += 1;
    });
  });
  afterEach(() => {
    stream.end();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const event = (n: number) => `id: pos_${n}\nevent: message.sent\ndata: {"id":"evt_${n}","type":"message.sent"}\n\n`;
  const flush = async (milliseconds: number) => {
    await vi.advanceTimersByTimeAsync(milliseconds);
  };

  it("tells a hundred events in one batch", async () => {
    stream.start();
    await flush(1);
    expect(stream.state).toBe("live");
    for (let n = 0; n < 100; n += 1) asked[0]?.say(event(n));
    await flush(300);
    expect(heard.map((batch) => batch.length)).toEqual([100]);
    expect(gaps).toBe(1); // what was read before the stream stood is read anew
    expect(heard[0]?.[99]?.id).toBe("evt_99");
  });

  it("comes again behind the last event when the connection breaks", async () => {
    stream.start();
    await flush(1);
    asked[0]?.say(event(7));
    await flush(300);
    asked[0]?.end();
    await flush(1);
    expect(stream.state).toBe("broken");
    await flush(5_000);
    expect(asked.map((one) => one.last)).toEqual([null, "pos_7"]);
    expect(stream.state).toBe("live");
    expect(gaps).toBe(1);
  });

  it("comes again when nothing at all was heard for longer than signs of life take", async () => {
    stream.start();
    await flush(1);
    asked[0]?.say(event(3));
    await flush(80_000);
    expect(asked.length).toBe(2);
    expect(asked[1]?.last).toBe("pos_3");
  });

  it("tells a gap where the server cannot go on, and begins anew", async () => {
    stream.start();
    await flush(1);
    asked[0]?.say(event(7));
    await flush(300);
    answer = () => (asked.length === 1 ? 400 : 200);
    asked[0]?.end();
    await flush(60_000);
    expect(gaps).toBe(2);
    expect(asked.map((one) => one.last)).toEqual([null, "pos_7", null]);
  });

  it("tells a gap in place of more than anybody could take", async () => {
    stream.start();
    await flush(1);
    await flush(300);
    for (let n = 0; n < 2_500; n += 1) asked[0]?.say(event(n));
    await flush(300);
    expect(gaps).toBe(2);
    expect(heard.at(-1)?.length).toBeLessThan(2_000);
  });

  it("waits longer each time it is refused", async () => {
    answer = () => 503;
    stream.start();
    await flush(60_000);
    expect(asked.length).toBeGreaterThan(2);
    expect(asked.length).toBeLessThan(9);
  });
});
