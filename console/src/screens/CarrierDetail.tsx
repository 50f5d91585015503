/** One carrier: which bind, since when, what error, what waits, what to do; changed, paused and resumed whole or
 * by the bind, and a test through it. */
import { Button, Modal } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { Facts, Raw, Told } from "../blocks/Facts";
import { Num } from "../blocks/Num";
import { Card, Columns, Row, Screen, Stack } from "../blocks/Screen";
import { Failure, Loading, Trouble } from "../blocks/States";
import { useTell } from "../blocks/tell";
import { When } from "../blocks/When";
import { Icon } from "../design/icons";
import { useParam } from "../router";
import { useWords } from "../words";
import { CarrierForm } from "./carriers/CarrierForm";
import { CarrierMark } from "./carriers/CarrierMark";
import { TestSend } from "./carriers/TestSend";
import { Findings } from "./Overview";

type Carrier = Schemas["CarrierState"];
const LOOK_MS = 2_000;

export default function CarrierDetail() {
  const name = useParam("name");
  const carrier = useQuery({
    queryKey: ["carriers", name],
    queryFn: ({ signal }) => ask(api.GET("/v1/carriers/{name}", { params: { path: { name } }, signal })),
    refetchInterval: LOOK_MS,
  });
  if (carrier.data) return <Shown of={carrier.data} problem={carrier.error} />;
  return (
    <Screen fill title={name}>
      {carrier.error ? <Failure problem={carrier.error} again={() => void carrier.refetch()} /> : <Loading />}
    </Screen>
  );
}

function Shown({ of, problem }: { of: Carrier; problem: unknown }) {
  const { say } = useWords();
  const doctor = useQuery({ queryKey: ["doctor"], queryFn: ({ signal }) => ask(api.GET("/v1/doctor", { signal })), refetchInterval: 2 * LOOK_MS });
  const advice = (doctor.data?.data ?? []).filter((one) => one.what.includes(of.name));
  return (
    <Screen title={of.name} aside={<CarrierMark state={of.state ?? "connecting"} />} actions={<Actions of={of} />}>
      <Columns>
        <Stack>
          <Trouble problem={problem} />
          {advice.length > 0 && (
            <Card title={say("carriers.to-do")} flush>
              <Findings of={advice} />
            </Card>
          )}
          {(of.binds ?? []).map((one) => (
            <Card key={one.name} title={say("carriers.bind", { name: one.name })} aside={<BindAside carrier={of} of={one} />}>
              <Bind of={one} />
            </Card>
          ))}
        </Stack>
        <Stack>
          <Card title={say("carriers.facts")}>
            <Facts
              of={[
                [say("carriers.address"), <bdi key="address">{of.address}</bdi>],
                [say("carriers.source"), say(`carriers.source-${of.source ?? "file"}`)],
                [say("carriers.waiting"), <Num key="waiting" n={of.waiting ?? 0} />],
                [say("carriers.rate"), of.rate ? <Num n={of.rate} digits={1} /> : say("carriers.no-limit")],
                [say("carriers.paused"), of.paused_at && <When at={of.paused_at} />],
                [say("carriers.pending"), of.pending && <Told text={of.pending} />],
                [say("carriers.engine"), of.engine && <bdi>{of.engine}</bdi>],
                [say("carriers.answers"), of.answers && Object.keys(of.answers).length > 0 && <Raw value={of.answers} />],
              ]}
            />
          </Card>
          <Card title={say("carriers.test")}>
            <TestSend of={of} />
          </Card>
        </Stack>
      </Columns>
    </Screen>
  );
}

function Bind({ of }: { of: Schemas["BindState"] }) {
  const { say } = useWords();
  return (
    <Facts
      of={[
        [say("carriers.since"), <When key="since" at={of.since} />],
        [say("carriers.error"), of.error && <Told text={of.error} />],
        [say("carriers.again"), !of.bound && of.permanent ? say("carriers.in-vain") : null],
        [say("carriers.change"), of.change && <Told text={of.change} />],
        [say("carriers.window"), say("carriers.window-is", { flight: of.in_flight ?? 0, window: of.window ?? 0 })],
        [say("carriers.round-trip"), of.round_trip_ms != null && <Num n={of.round_trip_ms} unit="millisecond" digits={1} />],
        [say("carriers.pace"), of.pace != null && <Num n={of.pace} digits={1} />],
        [say("carriers.smsc"), of.smsc && <bdi>{of.smsc}</bdi>],
      ]}
    />
  );
}

/** What can be done with the whole carrier. Those of the configuration file are changed there. */
function Actions({ of }: { of: Carrier }) {
  const { say } = useWords();
  const { confirm, toast, trouble } = useTell();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [changing, change] = useState(false);
  async function drop() {
    if (!(await confirm({ title: say("carriers.drop-ask", { name: of.name }), text: say("carriers.drop-more"), yes: say("block.delete"), danger: true }))) return;
    try {
      const { pending } = await ask(api.DELETE("/v1/carriers/{name}", { params: { path: { name: of.name } } }));
      await navigate({ to: "/carriers" });
      queries.removeQueries({ queryKey: ["carriers", of.name] });
      void queries.invalidateQueries({ queryKey: ["carriers"], exact: true });
      toast(pending || say("carriers.dropped"));
    } catch (fault) {
      trouble(fault);
    }
  }
  return (
    <>
      {of.source === "api" && (
        <>
          <Button variant="subtle" color="red" onClick={drop}>
            {say("block.delete")}
          </Button>
          <Button variant="default" onClick={() => change(true)}>
            {say("carriers.edit")}
          </Button>
        </>
      )}
      <Pause carrier={of} paused={of.paused_at !== null && of.paused_at !== undefined} />
      <Modal opened={changing} onClose={() => change(false)} size="xl" title={say("carriers.edit")} closeOnClickOutside={false} closeButtonProps={{ "aria-label": say("block.close") }}>
        <CarrierForm
          of={of}
          onSaved={(now) => {
            change(false);
            queries.setQueryData(["carriers", of.name], now);
            toast(say("carriers.saved"));
          }}
        />
      </Modal>
    </>
  );
}

/** How a bind stands; it alone is paused where there are others, and the carrier is not. */
function BindAside({ carrier, of }: { carrier: Carrier; of: Schemas["BindState"] }) {
  const several = (carrier.binds ?? []).length > 1 && !carrier.paused_at;
  return (
    <Row end>
      {of.paused ? <CarrierMark state="paused" /> : null}
      <CarrierMark state={of.state} />
      {several && <Pause carrier={carrier} bind={of.name} paused={of.paused} />}
    </Row>
  );
}

function Pause({ carrier, bind, paused }: { carrier: Carrier; bind?: string; paused: boolean }) {
  const { say } = useWords();
  const { confirm, toast, trouble } = useTell();
  const queries = useQueryClient();
  async function turn() {
    const more = say(bind ? "carriers.pause-bind-more" : "carriers.pause-more");
    if (!paused && !(await confirm({ title: say("carriers.pause-ask", { name: bind ?? carrier.name }), text: more, yes: say("carriers.pause") }))) return;
    const call = { params: { path: { name: carrier.name } }, body: bind ? { bind } : undefined };
    try {
      const now = await ask(paused ? api.POST("/v1/carriers/{name}/resume", call) : api.POST("/v1/carriers/{name}/pause", call));
      queries.setQueryData(["carriers", carrier.name], now);
      toast(say(paused ? "carriers.resumed" : "carriers.is-paused"));
    } catch (fault) {
      trouble(fault);
    }
  }
  return (
    <Button variant="default" size={bind ? "compact-xs" : undefined} leftSection={<Icon name={paused ? "play" : "pause"} size={13} />} aria-label={bind && `${say(paused ? "carriers.resume" : "carriers.pause")} ${bind}`} onClick={turn}>
      {say(paused ? "carriers.resume" : "carriers.pause")}
    </Button>
  );
}
