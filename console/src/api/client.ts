/** Calls of the API: typed by its own OpenAPI document, and one kind of failure. */
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "tidings-api";
import { heardOfServerTime } from "../blocks/When";
import { Problem, problemOf, unreachable } from "./problem";
import { session } from "./session";

export type Schemas = components["schemas"];

const watched: Middleware = {
  async onResponse({ response }) {
    heardOfServerTime(response.headers.get("date"));
    // Not where a password or a code was wrong: that is said at their field.
    if (response.status === 401 && (await codeOf(response)) === "unauthorized") session.expire();
  },
  onError({ error }) {
    return error instanceof DOMException && error.name === "AbortError" ? error : unreachable(error);
  },
};

async function codeOf(response: Response): Promise<unknown> {
  const told: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  return typeof told === "object" && told && "code" in told ? told.code : null;
}

export const api = createClient<paths>({ baseUrl: location.origin });
api.use(watched);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What an answer brought; throws a Problem: `await ask(api.GET("/v1/keys"))`. */
export async function ask<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call.catch((fault: unknown) => {
    // Half an answer, or one of something in between.
    throw fault instanceof SyntaxError ? unreachable(fault) : fault;
  });
  if (!response.ok) throw problemOf(response, error);
  return data as T;
}

/** Whether a read that failed is worth another try by itself. */
export function worthwhile(failures: number, fault: unknown): boolean {
  return fault instanceof Problem && fault.passing && failures < 3;
}

/** Milliseconds until then: as the server asks, else longer each time. */
export function pause(failures: number, fault: unknown): number {
  const asked = fault instanceof Problem ? fault.retryAfter : null;
  return asked ? asked * 1_000 : Math.min(8_000, 500 * 2 ** failures);
}
