/** A link by which somebody chooses their password, shown this once. */
import { Button } from "@mantine/core";
import type { Schemas } from "../../api/client";
import { Copy } from "../../blocks/Copy";
import { Raw } from "../../blocks/Facts";
import { Row, Stack } from "../../blocks/Screen";
import { When } from "../../blocks/When";
import { useWords } from "../../words";

export function OneTimeLink({ link, name, onDone }: { link: Schemas["Link"]; name: string; onDone: () => void }) {
  const { say } = useWords();
  return (
    <Stack>
      <p>{say("people.link-once", { name })}</p>
      <Raw value={link.url} />
      <p>
        {say("people.link-until")} <When at={link.expires_at} plain />
      </p>
      <Row end>
        <Copy wide text={link.url} what={say("people.the-link")} />
        <Button onClick={onDone}>{say("people.link-done")}</Button>
      </Row>
    </Stack>
  );
}
