/** Deliveries, newest first, kept up to date while something is on its way. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, ask } from "../../api/client";
import { useRefresh } from "../../api/live";
import { Row } from "../../blocks/Screen";
import { Failure, Loading } from "../../blocks/States";
import { When } from "../../blocks/When";
import { useWords } from "../../words";
import { DeliveryStatus } from "./DeliveryStatus";
import style from "./DeliveryTable.module.css";

interface Props {
  filters: { webhook?: string; message?: string };
  limit: number;
}

export function DeliveryTable({ filters, limit }: Props) {
  const { say } = useWords();
  const list = useQuery({
    queryKey: ["deliveries", "few", filters, limit],
    queryFn: ({ signal }) => ask(api.GET("/v1/webhooks/deliveries", { params: { query: { ...filters, limit } }, signal })),
    refetchInterval: (query) => (query.state.data?.data.some((one) => one.status === "waiting") ? 2_000 : 15_000),
  });
  useRefresh(["message."], ["deliveries", "few"]);
  if (list.error && !list.data) return <Failure problem={list.error} again={() => void list.refetch()} />;
  if (!list.data) return <Loading lines={4} />;
  if (!list.data.data.length) return <p className={style.none}>{say("deliveries.none")}</p>;
  return (
    <ul className={style.list}>
      {list.data.data.map((one) => (
        <li key={one.id}>
          <Link to={`/deliveries/${one.id}`}>
            <code>{one.type}</code>
          </Link>
          <Row end>
            <DeliveryStatus status={one.status} />
            <When at={one.created_at} />
          </Row>
        </li>
      ))}
    </ul>
  );
}
