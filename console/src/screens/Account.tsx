/** What people see to themselves: their password, their second factor, and where they are signed in. */
import { useSession } from "../api/session";
import { Facts } from "../blocks/Facts";
import { Card, Columns, Screen, Stack } from "../blocks/Screen";
import { useWords } from "../words";
import { Factor } from "./account/Factor";
import { Name } from "./account/Name";
import { Password } from "./account/Password";
import { Sessions } from "./account/Sessions";

export default function Account() {
  const { say } = useWords();
  const { who } = useSession();
  if (!who) return null;
  return (
    <Screen title={say("account.title")}>
      <Columns>
        <Stack>
          <Card title={say("account.sessions")}>
            <Sessions />
          </Card>
          <Card title={say("account.factor")}>
            <Factor user={who.user} />
          </Card>
        </Stack>
        <Stack>
          <Card title={say("account.you")}>
            <Facts
              of={[
                [say("people.email"), <bdi key="email">{who.user.email}</bdi>],
                [say("people.account"), <bdi key="account">{who.account}</bdi>],
                [say("people.role"), say(`people.role-${who.user.role}`)],
                [say("account.may"), say(`people.role-${who.user.role}-more`)],
              ]}
            />
            <Name now={who.user.name} />
          </Card>
          <Card title={say("account.password")}>
            <Password />
          </Card>
        </Stack>
      </Columns>
    </Screen>
  );
}
