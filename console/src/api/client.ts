/** Calls of the API: typed by its own OpenAPI document, one kind of failure, and never a secret in an address. */
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "tidings-api";
import { heardOfServerTime } from "../blocks/When";
import { Problem, problemOf, unreachable } from "./problem";
import { session } from "./session";

export type Schemas = components["schemas"];

const signed: Middleware = {
  onRequest({ request }) {
    const key = session.get()?.key;
    if (key) request.headers.set("Authorization", `Bearer ${key}`);
    return request;
  },
  onResponse({ response }) {
    heardOfServerTime(response.headers.get("date"));
    if (response.status === 401) session.expire();
  },
  onError({ error }) {
    return error instanceof DOMException && error.name === "AbortError" ? error : unreachable(error);
  },
};

export const api = createClient<paths>({ baseUrl: location.origin });
api.use(signed);

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What an answer brought; throws a Problem: `await ask(api.GET("/v1/keys"))`. */
export async function ask<T>(call: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await call;
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
