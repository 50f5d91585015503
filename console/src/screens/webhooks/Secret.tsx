/** A secret just made, shown this once. */
import { Button } from "@mantine/core";
import { Copy } from "../../blocks/Copy";
import { Row, Stack } from "../../blocks/Screen";
import { When } from "../../blocks/When";
import { useWords } from "../../words";

export function Secret({ secret, previousUntil, onDone }: { secret: string; previousUntil: string | null; onDone: () => void }) {
  const { say } = useWords();
  return (
    <Stack>
      <p>{say("webhooks.secret-once")}</p>
      <Row>
        <code dir="ltr">{secret}</code>
        <Copy wide text={secret} what={say("webhooks.the-secret")} />
      </Row>
      {previousUntil && (
        <p>
          {say("webhooks.old-until")} <When at={previousUntil} />
        </p>
      )}
      <Row end>
        <Button onClick={onDone}>{say("webhooks.kept")}</Button>
      </Row>
    </Stack>
  );
}
