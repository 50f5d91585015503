/** How all stands, live: what needs somebody and what to do, traffic, carriers, what waits, webhooks that fail. */
import { Link } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { api, ask, type Schemas } from "../api/client";
import { Facts, Told } from "../blocks/Facts";
import { Num } from "../blocks/Num";
import { Card, Columns, Row, Screen, Stack } from "../blocks/Screen";
import { Failure, Loading, Trouble } from "../blocks/States";
import { Mark, type Tone } from "../blocks/Status";
import { useWords } from "../words";
import { CarrierMark } from "./carriers/CarrierMark";
import style from "./carriers/carriers.module.css";
import { Traffic } from "./overview/Traffic";
import { Standing } from "./webhooks/Standing";

const LOOK_MS = 3_000;
const TONES: Record<string, Tone> = { error: "bad", warning: "warn", note: "accent" };

export default function Overview() {
  const { say } = useWords();
  const doctor = useQuery({ queryKey: ["doctor"], queryFn: ({ signal }) => ask(api.GET("/v1/doctor", { signal })), refetchInterval: LOOK_MS });
  if (!doctor.data) {
    return (
      <Screen fill title={say("overview.title")}>
        {doctor.error ? <Failure problem={doctor.error} again={() => void doctor.refetch()} /> : <Loading />}
      </Screen>
    );
  }
  const { data, snapshot } = doctor.data;
  return (
    <Screen title={say("overview.title")}>
      <Columns>
        <Stack>
          <Trouble problem={doctor.error} />
          <Card title={say("overview.attention")} flush>
            <Findings of={data} />
          </Card>
          <Traffic />
        </Stack>
        <Stack>
          <Card title={say("carriers.title")} flush aside={<Link to="/carriers">{say("overview.all")}</Link>}>
            <ul className={style.list}>
              {(snapshot.carriers ?? []).map((one) => (
                <li key={one.name}>
                  <Link to={`/carriers/${one.name}`}>{one.name}</Link>
                  <Row end>
                    <span>{say("carriers.binds-up", { up: one.binds_up, total: one.binds_total })}</span>
                    <CarrierMark state={one.state ?? "connecting"} />
                  </Row>
                </li>
              ))}
            </ul>
          </Card>
          <Card title={say("overview.waits")}>
            <Waiting of={snapshot} />
          </Card>
          <Failing />
        </Stack>
      </Columns>
    </Screen>
  );
}

export function Findings({ of }: { of: readonly Schemas["Advice"][] }) {
  const { say } = useWords();
  return (
    <ul className={style.findings} aria-live="polite">
      {of.map((one) => (
        <li key={one.what}>
          <Mark tone={TONES[one.severity] ?? "calm"}>{say(`overview.${one.severity}`)}</Mark>
          <div>
            <strong>
              <Told text={one.what} />
            </strong>
            <p>
              <Told text={one.do} />
            </p>
          </div>
        </li>
      ))}
      {of.length === 0 && <li>{say("overview.well")}</li>}
    </ul>
  );
}

function Waiting({ of }: { of: Schemas["Snapshot"] }) {
  const { say } = useWords();
  return (
    <Facts
      of={[
        [say("overview.queued"), <Num key="queued" n={of.queued} />],
        [say("overview.oldest"), of.queued ? <Num key="oldest" n={of.oldest_s} unit="second" /> : null],
        [say("overview.in-flight"), <Num key="flight" n={of.in_flight} />],
        [say("overview.orphans"), <Num key="orphans" n={of.orphans} />],
        [say("overview.customers"), of.esmes?.length ? <Num key="esmes" n={of.esmes.length} /> : null],
        [say("overview.commit"), <Num key="commit" n={of.commit_lag_ms} unit="millisecond" />],
        [say("overview.disk"), of.disk_free_mb != null ? <Num n={of.disk_free_mb} unit="megabyte" /> : null],
      ]}
    />
  );
}

/** Webhooks that do not answer well, and where to look for what was given up. */
function Failing() {
  const { say } = useWords();
  const webhooks = useQuery({
    queryKey: ["webhooks", "failing"],
    queryFn: ({ signal }) => ask(api.GET("/v1/webhooks", { params: { query: { limit: 100 } }, signal })),
    refetchInterval: 2 * LOOK_MS,
  });
  const bad = (webhooks.data?.data ?? []).filter((one) => one.failures_in_a_row || one.disabled_reason);
  return (
    <Card
      title={say("overview.webhooks")}
      flush
      aside={
        <Link to="/deliveries" search={{ status: "dead" } as never}>
          {say("overview.given-up")}
        </Link>
      }
    >
      <Trouble problem={webhooks.error} />
      <ul className={style.list}>
        {bad.map((one) => (
          <li key={one.id}>
            <Link to={`/webhooks/${one.id}`}>{one.url}</Link>
            <Standing of={one} />
          </li>
        ))}
        {webhooks.data && !bad.length && <li>{say("overview.webhooks-well")}</li>}
      </ul>
    </Card>
  );
}
