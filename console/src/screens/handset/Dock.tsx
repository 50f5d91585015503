/** Two phones beside any screen: what is sent arrives there, what is typed there comes in. */
import { ActionIcon } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Failure } from "../../blocks/States";
import { Icon } from "../../design/icons";
import { useWords } from "../../words";
import { Handset } from "./Handsets";
import style from "./handset.module.css";
import { useNetwork, usePhones } from "./phones";

const SHOWN = 2;

export default function Dock({ onClose }: { onClose: () => void }) {
  const { say } = useWords();
  const network = useNetwork();
  const phones = usePhones();
  return (
    <aside className={style.dock} aria-label={say("handset.title")}>
      <header>
        <Link to="/handset">{say("handset.title")}</Link>
        <ActionIcon aria-label={say("handset.hide")} onClick={onClose} size="sm">
          <Icon name="cross" size={13} />
        </ActionIcon>
      </header>
      {network.error ? <Failure problem={network.error} again={() => void network.refetch()} /> : null}
      {network.off && <p className={style.off}>{say("handset.off-more")}</p>}
      {network.data && phones.slice(0, SHOWN).map((number) => <Handset key={number} number={number} />)}
    </aside>
  );
}
