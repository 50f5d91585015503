/** One webhook: what it hears, how it answers, a test call, its secret, and what was delivered to it. */
import { Button, Modal } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { Facts, Raw, Told } from "../blocks/Facts";
import { Num } from "../blocks/Num";
import { Card, Columns, Row, Screen, Stack } from "../blocks/Screen";
import { Failure, Loading, Trouble } from "../blocks/States";
import { Mark } from "../blocks/Status";
import { useTell } from "../blocks/tell";
import { When } from "../blocks/When";
import { Icon } from "../design/icons";
import { useParam } from "../router";
import { useWords } from "../words";
import { DeliveryTable } from "./webhooks/DeliveryTable";
import { Secret } from "./webhooks/Secret";
import { Standing } from "./webhooks/Standing";
import { WebhookForm } from "./webhooks/WebhookForm";

type Webhook = Schemas["Webhook"];
const DAY_S = 86_400;

export default function WebhookDetail() {
  const { say } = useWords();
  const id = useParam("id");
  const webhook = useQuery({
    queryKey: ["webhooks", id],
    queryFn: ({ signal }) => ask(api.GET("/v1/webhooks/{id}", { params: { path: { id } }, signal })),
    refetchInterval: 10_000,
  });
  if (webhook.data) return <Shown of={webhook.data} />;
  return (
    <Screen fill title={say("webhooks.one")}>
      {webhook.error ? <Failure problem={webhook.error} again={() => void webhook.refetch()} /> : <Loading />}
    </Screen>
  );
}

function Shown({ of }: { of: Webhook }) {
  const { say } = useWords();
  const { toast, trouble, confirm } = useTell();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [changing, change] = useState(false);
  const [secret, setSecret] = useState<Schemas["Secret"] | null>(null);
  const path = { id: of.id };
  const anew = () => queries.invalidateQueries({ queryKey: ["webhooks"] });

  async function rotate() {
    if (!(await confirm({ title: say("webhooks.rotate-ask"), text: say("webhooks.rotate-more"), yes: say("webhooks.rotate") }))) return;
    try {
      setSecret(await ask(api.POST("/v1/webhooks/{id}/rotate", { params: { path }, body: { overlap_s: DAY_S } })));
    } catch (fault) {
      trouble(fault);
    }
  }
  async function drop() {
    if (!(await confirm({ title: say("webhooks.drop-ask"), text: say("webhooks.drop-more"), yes: say("block.delete"), danger: true }))) return;
    try {
      await ask(api.DELETE("/v1/webhooks/{id}", { params: { path } }));
      await navigate({ to: "/webhooks" });
      void anew();
      toast(say("webhooks.dropped"));
    } catch (fault) {
      trouble(fault);
    }
  }
  return (
    <Screen
      title={say("webhooks.one")}
      aside={<Standing of={of} />}
      actions={
        <>
          <Button variant="subtle" color="red" onClick={drop}>
            {say("block.delete")}
          </Button>
          <Button variant="default" onClick={rotate}>
            {say("webhooks.rotate")}
          </Button>
          <Button variant="default" onClick={() => change(true)}>
            {say("webhooks.change")}
          </Button>
        </>
      }
    >
      <Columns>
        <Stack>
          <Try of={of} />
          <Card
            title={say("deliveries.title")}
            flush
            aside={
              <Link to="/deliveries" search={{ webhook: of.id } as never}>
                {say("webhooks.all-deliveries")}
              </Link>
            }
          >
            <DeliveryTable filters={{ webhook: of.id }} limit={20} />
          </Card>
        </Stack>
        <Stack>
          <Card title={say("webhooks.facts")}>
            <What of={of} />
          </Card>
        </Stack>
      </Columns>
      <Modal opened={changing} onClose={() => change(false)} size="lg" title={say("webhooks.change")} closeButtonProps={{ "aria-label": say("block.close") }}>
        <WebhookForm
          of={of}
          onSaved={() => {
            change(false);
            void anew();
            toast(say("webhooks.saved"));
          }}
        />
      </Modal>
      <Modal opened={secret !== null} onClose={() => setSecret(null)} size="lg" title={say("webhooks.rotate")} closeOnClickOutside={false} closeButtonProps={{ "aria-label": say("block.close") }}>
        {secret && <Secret secret={secret.secret} previousUntil={secret.previous_until} onDone={() => setSecret(null)} />}
      </Modal>
    </Screen>
  );
}

function What({ of }: { of: Webhook }) {
  const { say } = useWords();
  return (
    <Facts
      of={[
        [say("webhooks.url"), <bdi key="url">{of.url}</bdi>],
        [say("webhooks.id"), <code key="id">{of.id}</code>],
        [say("webhooks.description"), <bdi key="about">{of.description}</bdi>],
        [say("webhooks.events"), of.events.length ? <bdi>{of.events.join(", ")}</bdi> : say("webhooks.all")],
        [say("webhooks.batch"), <Num key="batch" n={of.batch} />],
        [say("webhooks.ordered"), say(of.ordered ? "webhooks.yes" : "webhooks.no")],
        [say("webhooks.replies"), say(`senders.replies-${of.replies}`)],
        [say("webhooks.failures"), of.failures_in_a_row === null ? null : <Num n={of.failures_in_a_row} />],
        [say("webhooks.rests"), of.rests_until && <When at={of.rests_until} />],
        [say("webhooks.off-because"), of.disabled_reason && <Told text={of.disabled_reason} />],
        [say("webhooks.made"), <When key="made" at={of.created_at} />],
      ]}
    />
  );
}

/** One call at once, and what came of it. */
function Try({ of }: { of: Webhook }) {
  const { say } = useWords();
  const [came, setCame] = useState<Schemas["Test"] | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [calling, setCalling] = useState(false);
  async function call() {
    setCalling(true);
    setProblem(null);
    try {
      setCame(await ask(api.POST("/v1/webhooks/{id}/test", { params: { path: { id: of.id } } })));
    } catch (fault) {
      setProblem(fault);
    } finally {
      setCalling(false);
    }
  }
  return (
    <Card
      title={say("webhooks.try")}
      aside={
        <Button size="xs" variant="default" loading={calling} leftSection={<Icon name="play" size={13} />} onClick={call}>
          {say("webhooks.call")}
        </Button>
      }
    >
      <Stack>
        {!came && !problem && <p>{say("webhooks.try-more")}</p>}
        <Trouble problem={problem} />
        {came && (
          <>
            <Row>
              <Mark tone={came.delivered ? "good" : "bad"}>{say(came.delivered ? "webhooks.took-it" : "webhooks.took-it-not")}</Mark>
              {came.status_code !== null && <code>{came.status_code}</code>}
              <Num n={came.took_ms} unit="millisecond" />
            </Row>
            {came.problem && (
              <p>
                <Told text={came.problem} />
              </p>
            )}
            {came.answer && <Raw value={came.answer} />}
          </>
        )}
      </Stack>
    </Card>
  );
}
