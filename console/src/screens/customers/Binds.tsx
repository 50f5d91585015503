/** The binds of a customer that stand now. */
import type { Schemas } from "../../api/client";
import { Row } from "../../blocks/Screen";
import { When } from "../../blocks/When";
import { useWords } from "../../words";
import style from "./customers.module.css";

export function Binds({ of }: { of: readonly Schemas["Session"][] }) {
  const { say } = useWords();
  if (!of.length) return <p className={style.none}>{say("customers.no-binds")}</p>;
  return (
    <ul className={style.owed}>
      {of.map((one, at) => (
        <li key={`${one.process} ${one.address} ${one.bound_at} ${at}`}>
          <div>
            <strong>{one.bind_type}</strong>
            <p>
              <bdi>{one.address}</bdi> · SMPP {one.interface_version}
              {one.secure && " · TLS"}
              {one.waiting !== null && <> · {say("customers.asking", { n: one.waiting })}</>}
              {one.process && (
                <>
                  {" · "}
                  <bdi>{one.process}</bdi>
                </>
              )}
            </p>
          </div>
          <Row end>
            <When at={one.bound_at} />
          </Row>
        </li>
      ))}
    </ul>
  );
}
