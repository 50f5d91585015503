/** A key just made: shown this once, with programs that already hold it. */
import { Button, Tabs } from "@mantine/core";
import type { Schemas } from "../../api/client";
import { Copy } from "../../blocks/Copy";
import { Raw } from "../../blocks/Facts";
import { Row, Stack } from "../../blocks/Screen";
import { When } from "../../blocks/When";
import { useWords } from "../../words";
import { samplesOf } from "./samples";

/** A number of the simulated network, whose fate is to be delivered. */
const TO = "+15551230100";

export function Issued({ issued, onDone }: { issued: Schemas["KeyIssued"]; onDone: () => void }) {
  const { say } = useWords();
  const samples = samplesOf(location.origin, issued.token, issued.scope === "read" ? null : TO);
  return (
    <Stack>
      <p>{say("api-keys.once")}</p>
      <Row>
        <code dir="ltr">{issued.token}</code>
        <Copy wide text={issued.token} what={say("api-keys.the-key")} />
      </Row>
      {issued.rotating_until && (
        <p>
          {say("api-keys.old-until")} <When at={issued.rotating_until} />
        </p>
      )}
      <Tabs defaultValue="curl" aria-label={say("api-keys.samples")}>
        <Tabs.List>
          {samples.map((one) => (
            <Tabs.Tab key={one.language} value={one.language}>
              {one.language}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {samples.map((one) => (
          <Tabs.Panel key={one.language} value={one.language} pt="xs">
            <Stack>
              <Raw value={one.text} />
              <Row end>
                <Copy wide text={one.text} what={one.language} />
              </Row>
            </Stack>
          </Tabs.Panel>
        ))}
      </Tabs>
      <Row end>
        <Button onClick={onDone}>{say("api-keys.kept")}</Button>
      </Row>
    </Stack>
  );
}
