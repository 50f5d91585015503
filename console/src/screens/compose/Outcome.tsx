/** What became of each message of a batch. */
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Phone } from "../../blocks/Num";
import { Card, Row, Stack } from "../../blocks/Screen";
import { Mark, Status } from "../../blocks/Status";
import { useWords } from "../../words";
import style from "./compose.module.css";

export interface Sent {
  rows: { to: string; id: string | null; status: string | null; detail: string | null }[];
}

const SHOWN_MOST = 500;

export function Outcome({ sent, again }: { sent: Sent; again: () => void }) {
  const { say } = useWords();
  const good = sent.rows.filter((one) => one.id);
  const bad = sent.rows.filter((one) => !one.id);
  const rows = [...bad, ...good].slice(0, SHOWN_MOST);
  return (
    <Stack>
      <Card title={say("compose.outcome", { n: good.length })} aside={bad.length > 0 && <Mark tone="bad">{say("compose.refused", { n: bad.length })}</Mark>}>
        <ul className={style.outcomes}>
          {rows.map((one) => (
            <li key={one.to}>
              {one.id ? (
                <Link to={`/messages/${one.id}`}>
                  <Phone number={one.to} />
                </Link>
              ) : (
                <Phone number={one.to} />
              )}
              {one.status ? <Status status={one.status} /> : <Mark tone="bad">{say("status.rejected")}</Mark>}
              <span>{one.detail}</span>
            </li>
          ))}
        </ul>
        {sent.rows.length > SHOWN_MOST && <p>{say("compose.more-rows", { n: sent.rows.length - SHOWN_MOST })}</p>}
      </Card>
      <Row>
        <Button onClick={again}>{say("compose.another")}</Button>
        <Button variant="default" component={Link} to="/messages">
          {say("log.title")}
        </Button>
      </Row>
    </Stack>
  );
}
