/** One text to many: batches as large as the API takes, and what became of each. */
import { api, type Schemas } from "../../api/client";
import { problemOf } from "../../api/problem";
import { bodyOf, type Draft } from "../Compose";
import type { Sent } from "./Outcome";

const AT_A_TIME = 1_000;

/** Throws a Problem where nothing at all was taken; what was sent before stays sent, and the key lets it be sent once. */
export async function sendMany(draft: Draft, numbers: readonly string[], key: string): Promise<Sent> {
  const rows: Sent["rows"] = [];
  for (let from = 0; from < numbers.length; from += AT_A_TIME) {
    const some = numbers.slice(from, from + AT_A_TIME);
    const params = { header: { "Idempotency-Key": `${key}-${from}` } };
    const body = { messages: some.map((to) => bodyOf(draft, to)) };
    const { data, error, response } = await api.POST("/v1/messages/batch", { params, body });
    const answer = data ?? outcomes(error);
    if (!answer) throw problemOf(response, error);
    answer.data.forEach((one, index) => {
      const detail = one.error?.errors?.map((fault) => fault.detail).join("; ") || one.error?.detail;
      rows.push({ to: some[index] ?? "", id: one.id ?? null, status: one.status ?? null, detail: detail ?? null });
    });
  }
  return { rows };
}

/** When not one was taken, the answer is a 422 of the same shape. */
function outcomes(error: unknown): Schemas["BatchAnswer"] | null {
  return typeof error === "object" && error !== null && "data" in error ? (error as Schemas["BatchAnswer"]) : null;
}
