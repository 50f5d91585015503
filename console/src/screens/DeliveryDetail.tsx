/** One delivery: what was asked and answered, attempt by attempt, and how long it took; sent again by a button. */
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { Copy } from "../blocks/Copy";
import { Facts, Raw } from "../blocks/Facts";
import { Num } from "../blocks/Num";
import { Card, Columns, Screen, Stack } from "../blocks/Screen";
import { Failure, Loading } from "../blocks/States";
import { useTell } from "../blocks/tell";
import { type Step, Timeline } from "../blocks/Timeline";
import { When } from "../blocks/When";
import { Icon } from "../design/icons";
import { useParam } from "../router";
import { useWords } from "../words";
import { DeliveryStatus } from "./webhooks/DeliveryStatus";
import { useWebhooks } from "./webhooks/names";

type Story = Schemas["DeliveryStory"];

export default function DeliveryDetail() {
  const { say } = useWords();
  const id = useParam("id");
  const story = useQuery({
    queryKey: ["deliveries", "one", id],
    queryFn: ({ signal }) => ask(api.GET("/v1/webhooks/deliveries/{id}", { params: { path: { id } }, signal })),
    refetchInterval: (query) => (query.state.data?.delivery.status === "waiting" ? 1_000 : false),
  });
  if (story.data) return <Shown story={story.data} />;
  return (
    <Screen fill title={say("deliveries.one")}>
      {story.error ? <Failure problem={story.error} again={() => void story.refetch()} /> : <Loading />}
    </Screen>
  );
}

function Shown({ story }: { story: Story }) {
  const { say } = useWords();
  const { toast, trouble } = useTell();
  const queries = useQueryClient();
  const [sending, send] = useState(false);
  const one = story.delivery;
  const steps = useSteps(story);
  const webhook = useWebhooks().find((each) => each.id === one.webhook);
  async function again() {
    send(true);
    try {
      await ask(api.POST("/v1/webhooks/replay", { body: { delivery: one.id } }));
      await queries.invalidateQueries({ queryKey: ["deliveries"] });
      toast(say("deliveries.again-done", { n: 1 }));
    } catch (fault) {
      trouble(fault);
    } finally {
      send(false);
    }
  }
  return (
    <Screen
      title={one.type}
      aside={<DeliveryStatus status={one.status} />}
      actions={
        <>
          <Copy wide text={() => JSON.stringify(story.request, null, 2)} what={say("deliveries.the-request")} />
          <Button disabled={one.status === "waiting"} loading={sending} leftSection={<Icon name="again" />} onClick={again}>
            {say("deliveries.again")}
          </Button>
        </>
      }
    >
      <Columns>
        <Stack>
          <Card title={say("deliveries.attempts")}>
            {story.attempts.length ? <Timeline steps={steps} /> : <p>{say("deliveries.not-tried")}</p>}
          </Card>
          <Card title={say("deliveries.request")}>{story.request ? <Raw value={story.request} /> : <p>{say("deliveries.request-gone")}</p>}</Card>
        </Stack>
        <Stack>
          <Card title={say("webhooks.facts")}>
            <Facts
              of={[
                [say("webhooks.id"), <code key="id">{one.id}</code>],
                [say("deliveries.to"), one.webhook ? <Link to={`/webhooks/${one.webhook}`}>{webhook?.url ?? one.webhook}</Link> : <bdi>{one.url}</bdi>],
                [say("deliveries.event"), <code key="event">{one.event}</code>],
                [say("deliveries.message"), one.message_id && <Link to={`/messages/${one.message_id}`}>{one.message_id}</Link>],
                [say("deliveries.reply"), one.reply_id && <Link to={`/messages/${one.reply_id}`}>{one.reply_id}</Link>],
                [say("deliveries.attempts"), <Num key="attempts" n={one.attempts} />],
                [say("deliveries.happened"), <When key="at" at={one.occurred_at} />],
                [say("deliveries.made"), <When key="made" at={one.created_at} />],
                [say("deliveries.next"), one.next_at && <When at={one.next_at} />],
                [say("deliveries.finished"), one.finished_at && <When at={one.finished_at} />],
              ]}
            />
          </Card>
        </Stack>
      </Columns>
    </Screen>
  );
}

/** Attempts in order, each with its answer and time. */
function useSteps({ attempts }: Story): Step[] {
  const { say, locale } = useWords();
  const took = new Intl.NumberFormat(locale, { style: "unit", unit: "millisecond" });
  return [...attempts]
    .sort((a, b) => a.number - b.number)
    .map((one) => ({
      key: String(one.number),
      at: one.at,
      icon: one.outcome === "delivered" ? "check" : "cross",
      tone: one.outcome === "delivered" ? "good" : "bad",
      title: say("deliveries.attempt", { n: one.number, answer: one.status_code === null ? one.outcome : String(one.status_code), took: took.format(one.took_ms) }),
      detail: one.detail || undefined,
      more: (
        <Facts
          of={[
            [say("deliveries.answer"), one.answer && <Raw value={one.answer} />],
            [say("deliveries.octets"), <Num key="octets" n={one.request_octets} />],
            [say("deliveries.digest"), <code key="digest">{one.request_sha256}</code>],
          ]}
        />
      ),
    }));
}
