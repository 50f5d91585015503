/** Phones of the simulated network, side by side, and the trouble that the network is in. */
import { Button, Modal, Select, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { useMay } from "../api/session";
import { Row, Screen, Stack } from "../blocks/Screen";
import { Empty, Failure, Loading } from "../blocks/States";
import { Mark } from "../blocks/Status";
import { useTell } from "../blocks/tell";
import { Icon } from "../design/icons";
import { useWords } from "../words";
import { Handset } from "./handset/Handsets";
import style from "./handset/handset.module.css";
import { FATES, PHONES_MOST, setPhones, useNetwork, usePhones } from "./handset/phones";

const MODES = ["none", "slow", "throttle", "hang", "drop", "down", "nonsense", "refuse_bind"] as const;
type Mode = (typeof MODES)[number];

export default function HandsetScreen() {
  const { say } = useWords();
  const network = useNetwork();
  const phones = usePhones();
  const [adding, setAdding] = useState(false);
  const may = useMay();
  if (!network.data) {
    return (
      <Screen fill title={say("handset.title")}>
        {network.error ? (
          <Failure problem={network.error} again={() => void network.refetch()} />
        ) : network.off ? (
          <Empty icon="phone" title={say("handset.off")}>
            {say("handset.off-more")}
          </Empty>
        ) : (
          <Loading />
        )}
      </Screen>
    );
  }
  return (
    <Screen
      fill
      title={say("handset.title")}
      aside={network.data.mode !== "none" && <Mark tone="warn">{say(`handset.mode-${network.data.mode}`)}</Mark>}
      actions={
        <>
          {may("admin") && <Trouble of={network.data} />}
          <Button leftSection={<Icon name="plus" />} disabled={phones.length >= PHONES_MOST} onClick={() => setAdding(true)}>
            {say("handset.add")}
          </Button>
        </>
      }
    >
      <div className={style.table}>
        {phones.map((number) => (
          <Handset key={number} number={number} onDrop={() => setPhones(phones.filter((one) => one !== number))} />
        ))}
        {!phones.length && (
          <Empty icon="phone" title={say("handset.none")}>
            {say("handset.none-more")}
          </Empty>
        )}
      </div>
      <Modal opened={adding} onClose={() => setAdding(false)} title={say("handset.add")} closeButtonProps={{ "aria-label": say("block.close") }}>
        <Add known={phones} onDone={() => setAdding(false)} />
      </Modal>
    </Screen>
  );
}

/** A phone by its number; its last four digits decide what becomes of texts to it. */
function Add({ known, onDone }: { known: readonly string[]; onDone: () => void }) {
  const { say } = useWords();
  const [fate, setFate] = useState("delivered");
  const [number, setNumber] = useState("+15551230110");
  const sound = /^\+?\d{3,15}$/.test(number.replace(/[\s().-]/g, ""));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const plain = number.replace(/[\s().-]/g, "");
        setPhones([plain, ...known.filter((one) => one !== plain)]);
        onDone();
      }}
    >
      <Stack>
        <Select
          label={say("handset.fate")}
          data={["delivered", ...FATES].map((value) => ({ value, label: say(`handset.fate-${value}`) }))}
          value={fate}
          onChange={(value) => {
            if (!value) return;
            setFate(value);
            setNumber(`${number.replace(/\d{4}$/, "")}${value === "delivered" ? "0110" : value}`);
          }}
        />
        <TextInput
          label={say("handset.number")}
          description={say("handset.number-more")}
          dir="ltr"
          value={number}
          error={sound ? undefined : say("handset.number-odd")}
          onChange={(event) => setNumber(event.currentTarget.value)}
        />
        <Row end>
          <Button type="submit" disabled={!sound}>
            {say("handset.add")}
          </Button>
        </Row>
      </Stack>
    </form>
  );
}

function Trouble({ of }: { of: Schemas["FaultInForce"] }) {
  const { say } = useWords();
  const { trouble } = useTell();
  const queries = useQueryClient();
  async function become(mode: Mode) {
    try {
      queries.setQueryData(["simulator", "faults"], await ask(api.PUT("/v1/simulator/faults", { body: { mode, delay_ms: 3_000 } })));
    } catch (fault) {
      trouble(fault);
    }
  }
  return (
    <Select
      aria-label={say("handset.network")}
      data={MODES.map((value) => ({ value, label: say(`handset.mode-${value}`) }))}
      value={of.mode}
      onChange={(value) => value && void become(value as Mode)}
      w={210}
    />
  );
}
