/** Lists that were read far: what stays of them before they are read anew. */
import { QueryClient } from "@tanstack/react-query";
import { expect, it } from "vitest";
import { shorten } from "./pages";

const pages = (n: number) => ({
  pages: Array.from({ length: n }, (_, at) => ({ data: [at], next_cursor: `cur_${at}` })),
  pageParams: Array.from({ length: n }, (_, at) => (at ? `cur_${at - 1}` : undefined)),
});

it("leaves the first pages, and other answers as they are", () => {
  const queries = new QueryClient();
  queries.setQueryData(["messages", {}], pages(200));
  queries.setQueryData(["conversations", {}], pages(2));
  queries.setQueryData(["message", "msg_1"], { id: "msg_1" });
  shorten(queries);
  expect(queries.getQueryData(["messages", {}])).toEqual(pages(3));
  expect(queries.getQueryData(["conversations", {}])).toEqual(pages(2));
  expect(queries.getQueryData(["message", "msg_1"])).toEqual({ id: "msg_1" });
});

it("shortens one list alone where it is named", () => {
  const queries = new QueryClient();
  queries.setQueryData(["messages", { to: undefined }], pages(9));
  queries.setQueryData(["messages", { to: "+1" }], pages(9));
  shorten(queries, { queryKey: ["messages", {}], exact: true });
  expect(queries.getQueryData(["messages", {}])).toEqual(pages(3));
  expect(queries.getQueryData(["messages", { to: "+1" }])).toEqual(pages(9));
});
