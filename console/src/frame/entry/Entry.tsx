/** The way in: making the first owner, signing in, choosing a password by a link, getting a second factor. */
import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { api, ask } from "../../api/client";
import { session, type Who } from "../../api/session";
import { Row } from "../../blocks/Screen";
import { Failure, Loading } from "../../blocks/States";
import { useTell } from "../../blocks/tell";
import { useWords } from "../../words";
import { Brand } from "../Shell";
import style from "./Entry.module.css";
import { useSetup } from "./how";
import { Join } from "./Join";
import { signOut } from "./leave";
import { ByOidc, FromOidc } from "./Oidc";
import { SecondFactor } from "./SecondFactor";
import { Setup } from "./Setup";
import { SignInForm } from "./SignInForm";

export { SignInAgain } from "./SignInForm";

/** What stands in place of the screens while nobody is in, or somebody only half. */
export function Entry({ who }: { who: Who | null }) {
  const { say } = useWords();
  const { trouble } = useTell();
  const place = location.pathname.replace(/^\/console/, "");
  const setup = useSetup(who === null);
  if (who) {
    return (
      <Door title={say("entry.factor-title")} text={say("entry.factor-needed")}>
        <SecondFactor
          done={async () => session.enter(await ask(api.GET("/v1/session")))}
          aside={
            <Row end>
              <Button variant="subtle" color="gray" onClick={() => signOut().catch(trouble)}>
                {say("frame.sign-out")}
              </Button>
            </Row>
          }
        />
      </Door>
    );
  }
  if (place === "/join") {
    return (
      <Door title={say("entry.join-title")} text={say("entry.join-text")}>
        <Join />
      </Door>
    );
  }
  if (place === "/oidc") {
    return (
      <Door title={say("entry.title")}>
        <FromOidc />
      </Door>
    );
  }
  if (setup.isPending || setup.error) {
    return <Door title="tidings">{setup.error ? <Failure problem={setup.error} again={() => void setup.refetch()} /> : <Loading lines={4} />}</Door>;
  }
  if (!setup.data.owner) {
    return (
      <Door title={say("entry.setup-title")} text={say("entry.setup-text")}>
        <Setup />
      </Door>
    );
  }
  return (
    <Door title={say("entry.title")}>
      <SignInForm />
      {setup.data.oidc && <ByOidc name={setup.data.oidc} />}
    </Door>
  );
}

function Door({ title, text, children }: { title: string; text?: string; children: ReactNode }) {
  return (
    <main className={style.page}>
      <div className={style.card}>
        <Brand />
        <div>
          <h1>{title}</h1>
          {text && <p className={style.more}>{text}</p>}
        </div>
        {children}
      </div>
    </main>
  );
}
