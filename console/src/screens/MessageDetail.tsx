/** One message and its whole story: who brought it, what was decided and by whom, and what to do. */
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../api/client";
import { Copy } from "../blocks/Copy";
import { Facts, Raw, Said, Told } from "../blocks/Facts";
import { Num, Phone, usePhoneText } from "../blocks/Num";
import { Card, Columns, Screen, Stack } from "../blocks/Screen";
import { Failure, Loading } from "../blocks/States";
import { Status, toneOf } from "../blocks/Status";
import { useTell } from "../blocks/tell";
import { Timeline } from "../blocks/Timeline";
import { When } from "../blocks/When";
import { Icon } from "../design/icons";
import { useParam } from "../router";
import { useWords } from "../words";
import style from "./MessageDetail.module.css";
import { useNames } from "./message/names";
import { stepsOf } from "./message/steps";

type Story = Schemas["Explanation"];

export default function MessageDetail() {
  const { say } = useWords();
  const id = useParam("id");
  const story = useQuery({
    queryKey: ["explain", id],
    queryFn: ({ signal }) => ask(api.GET("/v1/messages/{id}/explain", { params: { path: { id } }, signal })),
  });
  if (story.isPending || story.error) {
    return (
      <Screen fill title={say("story.title")}>
        {story.error ? <Failure problem={story.error} again={() => void story.refetch()} /> : <Loading />}
      </Screen>
    );
  }
  return <Shown story={story.data} />;
}

function Shown({ story }: { story: Story }) {
  const { say } = useWords();
  const words = useWords();
  const nameOf = useNames(story.origin);
  const message = story.message;
  const inbound = message.direction === "mo";
  const number = usePhoneText(inbound ? message.from : message.to);
  return (
    <Screen
      title={say(inbound ? "story.from" : "story.to", { number })}
      aside={<Status status={message.status} />}
      actions={
        <>
          <Copy wide icon="link" text={() => location.href} what={say("story.link")} />
          <Copy wide text={() => JSON.stringify(story, null, 2)} what={say("story.json")} />
          <Cancel message={message} />
        </>
      }
    >
      <Columns>
        <Stack>
          <div className={style.advice} data-tone={toneOf(message.status)}>
            <Icon name={toneOf(message.status) === "bad" ? "lost" : "info"} size={18} />
            <p>
              <Told text={story.advice} />
            </p>
          </div>
          <Card title={say("story.story")}>
            <Timeline steps={stepsOf(story, words, nameOf)} />
            {story.events_dropped > 0 && <p className={style.note}>{say("story.dropped", { n: story.events_dropped })}</p>}
          </Card>
        </Stack>
        <Stack>
          <Card title={say("story.text")}>
            {message.text === null ? (
              <p className={style.note}>{say("story.blank")}</p>
            ) : (
              <Said text={message.text} by={inbound ? "them" : "us"} />
            )}
            {story.smart_encoding && <p className={style.note}>{say("story.smart")}</p>}
          </Card>
          <Card title={say("story.facts")}>
            <What message={message} />
          </Card>
        </Stack>
      </Columns>
    </Screen>
  );
}

function What({ message }: { message: Story["message"] }) {
  const { say, has } = useWords();
  const error = message.error;
  return (
    <Facts
      of={[
        [say("story.id"), <code key="id">{message.id}</code>],
        [say("story.to-name"), <Phone key="to" number={message.to} />],
        [say("story.from-name"), <Phone key="from" number={message.from} />],
        [say("story.category"), say(`category.${message.category}`)],
        [say("story.encoding"), message.encoding && (has(`story.encoding-${message.encoding}`) ? say(`story.encoding-${message.encoding}`) : message.encoding)],
        [say("story.segments"), <Num key="n" n={message.segments} />],
        [say("story.carrier"), message.carrier],
        [
          say("story.error"),
          error && (
            <>
              <code>{error.code}</code> {error.carrier_code && <code>({error.carrier_code})</code>} <Told text={error.detail} />
            </>
          ),
        ],
        [say("story.created"), <When key="created" at={message.created_at} />],
        [say("story.send-at"), message.send_at && <When at={message.send_at} />],
        [say("story.sent"), message.sent_at && <When at={message.sent_at} />],
        [say("story.finished"), message.finished_at && <When at={message.finished_at} />],
        [say("story.expires"), message.finished_at ? null : <When key="expires" at={message.expires_at} />],
        [
          say("story.in-reply-to"),
          message.in_reply_to && <Link to={`/messages/${message.in_reply_to}`}>{message.in_reply_to}</Link>,
        ],
        [say("story.client-ref"), message.client_ref],
        [say("story.tags"), message.tags.length ? message.tags.join(", ") : null],
        [say("story.metadata"), message.metadata && <Raw value={message.metadata} />],
      ]}
    />
  );
}

/** Until its first part is handed to a carrier. */
function Cancel({ message }: { message: Story["message"] }) {
  const { say } = useWords();
  const { confirm, toast, trouble } = useTell();
  const queries = useQueryClient();
  if (!["accepted", "scheduled", "queued"].includes(message.status)) return null;

  async function cancel() {
    const yes = await confirm({
      title: say("story.cancel-ask"),
      text: say("story.cancel-more"),
      yes: say("story.cancel"),
      danger: true,
    });
    if (!yes) return;
    try {
      await ask(api.POST("/v1/messages/{id}/cancel", { params: { path: { id: message.id } }, body: {} }));
      toast(say("story.canceled"));
    } catch (fault) {
      trouble(fault);
    }
    await queries.invalidateQueries({ queryKey: ["explain", message.id] });
  }
  return (
    <Button variant="default" leftSection={<Icon name="cross" />} onClick={cancel}>
      {say("story.cancel")}
    </Button>
  );
}
