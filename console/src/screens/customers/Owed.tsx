/** Receipts and texts that wait for a customer, or were given up: those go out again, one or all. */
import { Button, SegmentedControl } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { usePages } from "../../api/pages";
import { useSession } from "../../api/session";
import { Card, Row } from "../../blocks/Screen";
import { Failure, Loading } from "../../blocks/States";
import { useTell } from "../../blocks/tell";
import { When } from "../../blocks/When";
import { Icon } from "../../design/icons";
import { useWords } from "../../words";
import style from "./customers.module.css";
import type { Customer } from "./standing";

type Delivery = Schemas["EsmeDelivery"];
const LOOK_MS = 3_000;

export function Owed({ of, dead }: { of: Customer; dead: number | undefined }) {
  const { say } = useWords();
  const { toast, trouble, confirm } = useTell();
  const queries = useQueryClient();
  const [status, setStatus] = useState<"waiting" | "dead">("waiting");
  const path = { id: of.id };
  const list = usePages<Delivery>(["esmes", of.id, "owed", status], (cursor, signal) => ask(api.GET("/v1/esmes/{id}/deliveries", { params: { path, query: { status, limit: 20, cursor } }, signal })), LOOK_MS);

  async function again(delivery: string | null) {
    const yes = delivery !== null || (await confirm({ title: say("customers.again-ask"), text: say("customers.again-more"), yes: say("customers.again") }));
    if (!yes) return;
    try {
      const { count } = await ask(api.POST("/v1/esmes/{id}/replay", { params: { path }, body: { delivery } }));
      toast(say("customers.again-done", { n: count }));
      void queries.invalidateQueries({ queryKey: ["esmes", of.id] });
    } catch (fault) {
      trouble(fault);
    }
  }
  const open = of.closed_at === null;
  return (
    <Card
      title={say("customers.owed")}
      flush
      aside={
        <Row end>
          {status === "dead" && open && list.rows.length > 0 && (
            <Button size="xs" variant="default" leftSection={<Icon name="again" size={13} />} onClick={() => void again(null)}>
              {say("customers.again-all")}
            </Button>
          )}
          <SegmentedControl
            size="xs"
            aria-label={say("customers.owed")}
            value={status}
            onChange={(next) => setStatus(next as typeof status)}
            data={[
              { value: "waiting", label: say("customers.waiting") },
              { value: "dead", label: dead ? say("customers.dead-n", { n: dead }) : say("customers.dead") },
            ]}
          />
        </Row>
      }
    >
      {list.loading && <Loading lines={3} />}
      {list.problem && !list.rows.length && <Failure problem={list.problem} again={list.again} />}
      {!list.loading && !list.problem && !list.rows.length && <p className={style.none}>{say(status === "dead" ? "customers.none-dead" : "customers.none-waiting")}</p>}
      <ul className={style.owed}>
        {list.rows.map((one) => (
          <One key={one.id} of={one} ours={of.account_id} onAgain={open && status === "dead" ? () => void again(one.id) : undefined} />
        ))}
      </ul>
      {list.hasMore && (
        <Row>
          <Button variant="subtle" loading={list.loadingMore} onClick={list.more}>
            {say("customers.more")}
          </Button>
        </Row>
      )}
    </Card>
  );
}

function One({ of, ours, onAgain }: { of: Delivery; ours: string; onAgain: (() => void) | undefined }) {
  const { say, has } = useWords();
  const { who } = useSession();
  const why = of.reason && (has(`customers.reason-${of.reason}`) ? say(`customers.reason-${of.reason}`) : of.reason);
  return (
    <li>
      <div>
        <strong>{say(`customers.kind-${of.kind}`)}</strong>{" "}
        {/* Messages of other accounts are read by their own people. */}
        {who?.user.account_id === ours ? <Link to={`/messages/${of.message_id}`}>{of.message_id}</Link> : <code>{of.message_id}</code>}
        {of.parts > 1 && <> · {say("customers.part", { part: of.part, parts: of.parts })}</>}
        <p>
          {say("customers.attempts", { n: of.attempts })}
          {why && <> · {why}</>}
          {of.command_status && (
            <>
              {" "}
              <code>{of.command_status}</code>
            </>
          )}
          {of.bind && (
            <>
              {" · "}
              <bdi>{of.bind}</bdi>
            </>
          )}
        </p>
      </div>
      <Row end>
        <When at={of.finished_at ?? of.created_at} />
        {onAgain && (
          <Button size="xs" variant="default" onClick={onAgain}>
            {say("customers.again")}
          </Button>
        )}
      </Row>
    </li>
  );
}
