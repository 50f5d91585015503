/** Where one is signed in, and the end of it. */
import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask } from "../../api/client";
import { Row, Stack } from "../../blocks/Screen";
import { Failure, Loading } from "../../blocks/States";
import { Mark } from "../../blocks/Status";
import { useTell } from "../../blocks/tell";
import { When } from "../../blocks/When";
import { useWords } from "../../words";
import { browserOf } from "./browsers";
import style from "./Sessions.module.css";

export function Sessions() {
  const { say } = useWords();
  const { toast, trouble } = useTell();
  const queries = useQueryClient();
  const list = useQuery({ queryKey: ["sessions"], queryFn: ({ signal }) => ask(api.GET("/v1/sessions", { signal })) });
  async function end(call: () => Promise<number>) {
    try {
      toast(say("account.ended", { n: await call() }));
    } catch (fault) {
      trouble(fault);
    } finally {
      void queries.invalidateQueries({ queryKey: ["sessions"] });
    }
  }
  const one = (id: string) => end(async () => (await ask(api.DELETE("/v1/sessions/{id}", { params: { path: { id } } })), 1));
  const others = () => end(async () => (await ask(api.DELETE("/v1/sessions"))).ended);
  if (list.error && !list.data) return <Failure problem={list.error} again={() => void list.refetch()} />;
  if (!list.data) return <Loading lines={3} />;
  const sessions = list.data.data;
  return (
    <Stack>
      <ul className={style.list} aria-label={say("account.sessions")}>
        {sessions.map((each) => (
          <li key={each.id}>
            <div>
              <span title={each.agent}>
                <bdi>{browserOf(each.agent) || say("account.no-browser")}</bdi>
              </span>{" "}
              <span className={style.more}>
                <bdi>{each.address}</bdi> · {say("account.used")} <When at={each.seen_at} /> · {say(`account.by-${each.method}`)}
              </span>
            </div>
            {each.current ? (
              <Mark tone="good">{say("account.this")}</Mark>
            ) : (
              <Button variant="default" onClick={() => void one(each.id)}>
                {say("account.end")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {sessions.length > 1 && (
        <Row end>
          <Button variant="default" onClick={() => void others()}>
            {say("account.end-others")}
          </Button>
        </Row>
      )}
    </Stack>
  );
}
