/** A password just made, shown this once, with the rest of what a customer binds with. */
import { Button } from "@mantine/core";
import type { Schemas } from "../../api/client";
import { Copy } from "../../blocks/Copy";
import { Facts } from "../../blocks/Facts";
import { Row, Stack } from "../../blocks/Screen";
import { When } from "../../blocks/When";
import { useWords } from "../../words";
import { useDoor } from "./door";

export function Password({ of, onDone }: { of: Schemas["EsmeEnrolled"]; onDone: () => void }) {
  const { say } = useWords();
  const door = useDoor();
  return (
    <Stack>
      <p>{say("customers.once")}</p>
      <Facts
        of={[
          [say("customers.door-at"), door && door.length > 0 && <code key="door" dir="ltr">{door.join(", ")}</code>],
          [
            say("customers.system_id"),
            <Row key="system_id">
              <code dir="ltr">{of.system_id}</code>
              <Copy text={of.system_id} what={say("customers.system_id")} />
            </Row>,
          ],
          [
            say("customers.password"),
            <Row key="password">
              <code dir="ltr">{of.password}</code>
              <Copy text={of.password} what={say("customers.the-password")} />
            </Row>,
          ],
          [say("customers.old-until"), of.rotating_until && <When at={of.rotating_until} />],
        ]}
      />
      <Row end>
        <Button onClick={onDone}>{say("customers.kept")}</Button>
      </Row>
    </Stack>
  );
}
