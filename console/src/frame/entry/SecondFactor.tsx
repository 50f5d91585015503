/** Getting a second factor: password, the app's secret as a picture and in letters, its first code, the recovery codes. */
import { Button, PasswordInput, TextInput } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { Copy } from "../../blocks/Copy";
import { Form, useForm } from "../../blocks/Form";
import { Row } from "../../blocks/Screen";
import { useWords } from "../../words";
import style from "./Entry.module.css";

/** `done`: they have it, and kept their recovery codes. `aside`: the way out, before anything has begun. */
export function SecondFactor({ done, aside }: { done: () => Promise<void>; aside: ReactNode }) {
  const [begun, setBegun] = useState<Schemas["FactorBegun"] | null>(null);
  const [recovery, setRecovery] = useState<readonly string[] | null>(null);
  if (recovery) return <Recovery codes={recovery} done={done} />;
  if (begun) return <Confirm begun={begun} done={setRecovery} />;
  return (
    <>
      <Begin done={setBegun} />
      {aside}
    </>
  );
}

function Begin({ done }: { done: (begun: Schemas["FactorBegun"]) => void }) {
  const { say } = useWords();
  const form = useForm({ password: "" }, async ({ password }) => {
    done(await ask(api.POST("/v1/second-factor", { body: { password: password || null } })));
  });
  return (
    <Form form={form} label={say("entry.factor-title")}>
      <PasswordInput
        label={say("entry.password")}
        size="sm"
        autoComplete="current-password"
        value={form.values.password}
        error={form.error("password")}
        onChange={(event) => form.set("password", event.currentTarget.value)}
        visibilityToggleButtonProps={{ "aria-label": say("entry.show") }}
      />
      <Button type="submit" size="sm" loading={form.sending}>
        {say("entry.go-on")}
      </Button>
    </Form>
  );
}

function Confirm({ begun, done }: { begun: Schemas["FactorBegun"]; done: (codes: readonly string[]) => void }) {
  const { say } = useWords();
  const form = useForm({ code: "" }, async ({ code }) => {
    const added = await ask(api.POST("/v1/second-factor/confirm", { body: { code: code.replace(/\s/g, "") } }));
    done(added.recovery_codes);
  });
  return (
    <Form form={form} label={say("entry.factor-title")}>
      <div className={style.code}>
        <Picture of={begun.uri} label={say("entry.factor-picture")} />
        <p className={style.more}>{say("entry.factor-scan")}</p>
        <code dir="ltr">{begun.secret.replace(/(.{4})/g, "$1 ").trim()}</code>
      </div>
      <TextInput
        label={say("entry.code")}
        size="sm"
        inputMode="numeric"
        autoComplete="one-time-code"
        value={form.values.code}
        error={form.error("code")}
        onChange={(event) => form.set("code", event.currentTarget.value)}
      />
      <Button type="submit" size="sm" loading={form.sending} disabled={!form.values.code}>
        {say("entry.factor-do")}
      </Button>
    </Form>
  );
}

/** Recovery codes, shown this once. */
export function Recovery({ codes, done }: { codes: readonly string[]; done: () => Promise<void> }) {
  const { say } = useWords();
  return (
    <>
      <p>{say("entry.recovery")}</p>
      <ul className={style.recovery} dir="ltr">
        {codes.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
      <Row end>
        <Copy wide text={codes.join("\n")} what={say("entry.recovery-what")} />
        <Button onClick={() => void done()}>{say("entry.recovery-done")}</Button>
      </Row>
    </>
  );
}

/** A QR code, drawn as one path. */
function Picture({ of, label }: { of: string; label: string }) {
  const [cells, setCells] = useState<boolean[][] | null>(null);
  useEffect(() => {
    void import("uqr").then(({ encode }) => setCells(encode(of, { border: 3 }).data));
  }, [of]);
  const size = cells?.length ?? 1;
  const path = (cells ?? []).flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  return (
    <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <path fill="#fff" d={`M0 0h${size}v${size}h-${size}z`} />
      <path fill="#000" d={path} />
    </svg>
  );
}
