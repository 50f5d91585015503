/** Sign-in by the issuer that the server trusts: the way there, and what a browser that comes back brings. */
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { api, ask } from "../../api/client";
import { Problem } from "../../api/problem";
import { session } from "../../api/session";
import { Loading, Trouble } from "../../blocks/States";
import { useWords } from "../../words";
import style from "./Entry.module.css";

/** Where somebody wanted to go. It stays in their tab alone while the tab is at the issuer. */
const WANTED = "tidings.wanted";
const HOME = "/console/";

/** `elsewhere`: in another tab, so that what is typed in this one stays. */
export function ByOidc({ name, elsewhere = false }: { name: string; elsewhere?: boolean }) {
  const { say } = useWords();
  const [going, setGoing] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  async function go() {
    setGoing(true);
    setProblem(null);
    try {
      const { url } = await ask(api.POST("/v1/session/oidc"));
      sessionStorage.setItem(WANTED, location.pathname + location.search);
      location.assign(url);
    } catch (fault) {
      setProblem(fault);
      setGoing(false);
    }
  }
  return (
    <>
      <p className={style.or}>
        <span>{say("entry.or")}</span>
      </p>
      {problem ? <Trouble problem={problem} /> : null}
      {elsewhere ? (
        <Button variant="default" size="sm" component="a" href={HOME} target="_blank" rel="noopener">
          {say("entry.oidc-elsewhere", { name })}
        </Button>
      ) : (
        <Button variant="default" size="sm" loading={going} onClick={() => void go()}>
          {say("entry.oidc", { name })}
        </Button>
      )}
    </>
  );
}

/** The page that the issuer sends a browser back to. */
export function FromOidc() {
  const { say } = useWords();
  const [problem, setProblem] = useState<unknown>(null);
  useEffect(() => {
    const told = new URLSearchParams(location.search);
    const [code, state] = [told.get("code"), told.get("state")];
    // Neither is to stay in the address.
    history.replaceState(null, "", location.pathname);
    if (!code || !state) {
      setProblem(new Problem(401, "sign_in_failed", say("entry.oidc-refused"), say("entry.oidc-refused-more")));
      return;
    }
    ask(api.POST("/v1/session/oidc/callback", { body: { code, state } })).then((who) => {
      const wanted = sessionStorage.getItem(WANTED) ?? "";
      sessionStorage.removeItem(WANTED);
      history.replaceState(null, "", wanted.startsWith(HOME) ? wanted : HOME);
      session.enter(who);
    }, setProblem);
  }, []);
  if (!problem) return <Loading lines={3} />;
  return (
    <>
      <Trouble problem={problem} />
      <Button size="sm" variant="default" component="a" href={HOME}>
        {say("entry.oidc-back")}
      </Button>
    </>
  );
}
