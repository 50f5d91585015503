/**
 * What happens, live: one reading of `/v1/stream` for all tabs of the browser, without a gap over broken connections.
 *
 * Browsers open six connections to a server and no more, so tabs share one stream: whoever holds the lock reads and hands
 * on to the others. Each tab keeps the last place it heard of, so whoever reads next goes on right there.
 */
import { session } from "./session";

export interface Happening {
  id: string;
  type: string;
  occurred_at: string;
  sequence: number;
  data: Record<string, unknown>;
}

export type StreamState = "off" | "connecting" | "live" | "broken";

/** One event of the wire. */
interface Block {
  id?: string;
  event?: string;
  data?: string;
  retry?: number;
}

type Told = { kind: "block"; block: Block } | { kind: "state"; state: StreamState } | { kind: "gap" } | { kind: "hello" };

const LOCK = "tidings.stream";
/** Silence for so long means that the connection is dead: a comment comes each minute at least. */
const SILENCE_MS = 75_000;
/** Screens hear of what happened four times a second at most, however much it was. */
const BATCH_MS = 250;
/** More than that at once is not told one by one: whoever listens reads anew. */
const BATCH_MOST = 2_000;

/** Blocks of a text/event-stream (HTML Living Standard, 9.2), from pieces cut anywhere. */
export class Blocks {
  #rest = "";

  take(piece: string): Block[] {
    const parts = (this.#rest + piece).split(/\r\n\r\n|\n\n|\r\r/);
    this.#rest = parts.pop() ?? "";
    return parts.map(block).filter((one) => Object.keys(one).length > 0);
  }
}

function block(text: string): Block {
  const found: Block = {};
  for (const line of text.split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^ /, "");
    if (name === "id") found.id = value;
    else if (name === "event") found.event = value;
    else if (name === "data") found.data = found.data === undefined ? value : `${found.data}\n${value}`;
    else if (name === "retry" && /^\d+$/.test(value)) found.retry = Number(value);
  }
  return found;
}

export class Stream {
  state: StreamState = "off";
  #last = "";
  #retry = 2_000;
  #failures = 0;
  #pending: Happening[] = [];
  #lost = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stop: AbortController | undefined;
  #channel: BroadcastChannel | undefined;
  #reads = false;
  readonly #listeners = new Set<(events: readonly Happening[], gap: boolean) => void>();
  readonly #watchers = new Set<() => void>();

  /** Called with batches in the order of what happened; `gap`: something was missed, so read anew. */
  listen(listener: (events: readonly Happening[], gap: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  watch(tell: () => void): () => void {
    this.#watchers.add(tell);
    return () => this.#watchers.delete(tell);
  }

  start(): void {
    if (this.#stop) return;
    const stop = new AbortController();
    this.#stop = stop;
    this.#become("connecting");
    if (!navigator.locks || typeof BroadcastChannel === "undefined") {
      void this.#follow(stop.signal);
      return;
    }
    const channel = new BroadcastChannel(LOCK);
    this.#channel = channel;
    channel.onmessage = (message: MessageEvent<Told>) => this.#hear(message.data);
    channel.postMessage({ kind: "hello" } satisfies Told);
    navigator.locks
      .request(LOCK, { signal: stop.signal }, async () => {
        this.#reads = true;
        await this.#follow(stop.signal);
        this.#reads = false;
      })
      .catch((fault: unknown) => {
        if (!stop.signal.aborted) throw fault;
      });
  }

  end(): void {
    this.#stop?.abort();
    this.#channel?.close();
    clearTimeout(this.#timer);
    this.#stop = this.#channel = this.#timer = undefined;
    this.#reads = false;
    this.#last = "";
    this.#pending = [];
    this.#become("off");
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#read(signal);
        this.#failures = 0;
      } catch (fault) {
        if (signal.aborted) return;
        this.#failures += 1;
        if (import.meta.env.DEV && !import.meta.env.VITEST) console.debug("the stream broke off", fault);
      }
      if (signal.aborted) return;
      this.#tell({ kind: "state", state: "broken" });
      const wait = Math.min(30_000, this.#retry * 2 ** Math.max(0, this.#failures - 1)) * (0.75 + Math.random() / 2);
      await this.#wait(wait, signal);
    }
  }

  /** So long, but no longer than until the network is back or somebody signed in again. */
  #wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((done) => {
      const over = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", over);
        removeEventListener("online", over);
        unwatch();
        done();
      };
      const timer = setTimeout(over, milliseconds);
      const unwatch = session.watch(over);
      signal.addEventListener("abort", over);
      addEventListener("online", over);
    });
  }

  async #read(signal: AbortSignal): Promise<void> {
    const one = new AbortController();
    const abort = () => one.abort();
    signal.addEventListener("abort", abort, { once: true });
    let dead = setTimeout(abort, SILENCE_MS);
    try {
      const answer = await fetch("/v1/stream", {
        headers: this.#last ? { "Last-Event-ID": this.#last } : {},
        signal: one.signal,
      });
      if (answer.status === 400) this.#last = ""; // the place is too old, or none of this server
      if (answer.status === 401) session.expire();
      if (!answer.ok || !answer.body) throw new Error(`the stream was refused: ${answer.status}`);
      this.#failures = 0;
      this.#tell({ kind: "state", state: "live" });
      // Nobody knows what happened before this: what was read until now is read anew. Nobody listens who did not read.
      if (!this.#last && this.#listeners.size) this.#tell({ kind: "gap" });
      const blocks = new Blocks();
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(dead);
        dead = setTimeout(abort, SILENCE_MS);
        for (const block of blocks.take(value)) this.#tell({ kind: "block", block });
      }
    } finally {
      clearTimeout(dead);
      signal.removeEventListener("abort", abort);
    }
  }

  /** Hand on to the other tabs, and take ourselves. */
  #tell(told: Told): void {
    this.#channel?.postMessage(told);
    this.#hear(told);
  }

  #hear(told: Told): void {
    if (told.kind === "hello") {
      if (this.#reads) this.#channel?.postMessage({ kind: "state", state: this.state } satisfies Told);
    } else if (told.kind === "state") {
      this.#become(told.state);
    } else if (told.kind === "gap") {
      this.#lost = true;
      this.#soon();
    } else {
      this.#take(told.block);
    }
  }

  #take(block: Block): void {
    if (block.id) this.#last = block.id;
    if (block.retry) this.#retry = block.retry;
    if (!block.data || !block.event || block.event.startsWith("stream.")) return;
    this.#pending.push(JSON.parse(block.data) as Happening);
    if (this.#pending.length > BATCH_MOST) {
      this.#pending = [];
      this.#lost = true;
    }
    this.#soon();
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const events = this.#pending;
      const gap = this.#lost;
      this.#pending = [];
      this.#lost = false;
      for (const listener of this.#listeners) listener(events, gap);
    }, BATCH_MS);
  }

  #become(state: StreamState): void {
    if (state === this.state) return;
    this.state = state;
    for (const tell of this.#watchers) tell();
  }
}

export const stream = new Stream();
