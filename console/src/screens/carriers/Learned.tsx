/** The profile that follows from a test: taken over where the carrier was made here, else to be put into the file. */
import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { Copy } from "../../blocks/Copy";
import { Raw } from "../../blocks/Facts";
import { Row, Stack } from "../../blocks/Screen";
import { useTell } from "../../blocks/tell";
import { useWords } from "../../words";

interface Props {
  carrier: Schemas["CarrierState"];
  test: Schemas["CarrierTest"];
}

export function Learned({ carrier, test }: Props) {
  const { say } = useWords();
  const { toast, trouble } = useTell();
  const queries = useQueryClient();
  const [saving, save] = useState(false);
  const keys = Object.keys(test.learned);
  if (!keys.length) return <p>{say("carriers.profile-fits")}</p>;
  async function take() {
    save(true);
    const profile = { ...(carrier.settings?.profile as object | undefined), ...test.learned };
    try {
      const now = await ask(api.PATCH("/v1/carriers/{name}", { params: { path: { name: carrier.name } }, body: { profile } as Schemas["CarrierChange"] }));
      queries.setQueryData(["carriers", carrier.name], now);
      await queries.invalidateQueries({ queryKey: ["carrier-test", carrier.name] });
      toast(say("carriers.profile-taken"));
    } catch (fault) {
      trouble(fault);
    } finally {
      save(false);
    }
  }
  return (
    <Stack>
      <p>{say(carrier.source === "api" ? "carriers.profile-proposed" : "carriers.profile-for-file")}</p>
      <Raw value={test.profile} />
      <Row end>
        <Copy wide text={test.profile} what={say("carriers.the-profile")} />
        {carrier.source === "api" && (
          <Button loading={saving} onClick={take}>
            {say("carriers.profile-take")}
          </Button>
        )}
      </Row>
    </Stack>
  );
}
