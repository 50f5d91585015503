/** Codes: what incoming texts of a form mean, what they do to each other, and files of them. */
import { Button, FileButton, Menu } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { type Page, usePages } from "../api/pages";
import { useMay } from "../api/session";
import { Problem } from "../api/problem";
import { Told } from "../blocks/Facts";
import { List } from "../blocks/List";
import { Num } from "../blocks/Num";
import { Screen } from "../blocks/Screen";
import { Empty, Trouble } from "../blocks/States";
import { Mark } from "../blocks/Status";
import { useTell } from "../blocks/tell";
import { Icon } from "../design/icons";
import { useKeys } from "../frame/keys";
import { useWords } from "../words";
import style from "./codes/codes.module.css";
import { codesOf, EXAMPLES, ruleOf, terse } from "./codes/rule";

type Code = Schemas["Code"];
type Report = Schemas["Report"];

const PAGES_MOST = 200;

function readCodes(cursor: string | undefined, signal?: AbortSignal): Promise<Page<Code>> {
  return ask(api.GET("/v1/codes", { params: { query: { limit: 100, cursor } }, signal }));
}

export default function Codes() {
  const { say } = useWords();
  const navigate = useNavigate();
  const list = usePages<Code>(["codes"], readCodes);
  const reports = useQuery({ queryKey: ["code-reports"], queryFn: ({ signal }) => ask(api.GET("/v1/codes/reports", { signal })) });
  const of = (name: string) => (reports.data?.data ?? []).filter((one) => one.code === name);
  const make = (example?: string) => void navigate({ to: "/codes/new", search: (example ? { example } : {}) as never });
  const may = useMay();
  useKeys(may("admin") ? { n: [say("codes.new"), () => make()] } : {});
  const first = may("admin") ? <NewCode make={make} /> : null;
  return (
    <Screen
      fill
      title={say("codes.title")}
      actions={
        <>
          {may("admin") && <Files />}
          {first}
        </>
      }
    >
      <Reports of={reports.data?.data ?? []} />
      <List
        {...list}
        label={say("codes.title")}
        keyOf={(one) => one.id}
        to={may("admin") ? (one) => `/codes/${one.id}` : undefined}
        columns={[
          { key: "name", title: say("codes.name"), width: "minmax(0, 180px)", render: (one) => <bdi>{one.name}</bdi> },
          { key: "known", title: say("codes.known-by"), width: "minmax(0, 1fr)", narrow: "below", render: (one) => <Known of={one} /> },
          { key: "does", title: say("codes.does"), width: "minmax(0, 1fr)", narrow: "hide", render: (one) => one.actions.map((action) => say(`codes.action-${action.type}`)).join(", ") },
          { key: "priority", title: say("codes.priority"), width: "80px", end: true, narrow: "hide", render: (one) => <Num n={one.priority} /> },
          {
            key: "state",
            title: say("codes.state"),
            width: "150px",
            render: (one) => {
              const found = of(one.name)[0];
              if (!one.enabled) return <Mark tone="calm">{say("codes.disabled")}</Mark>;
              return found ? <Mark tone="warn">{say(`codes.report-${found.kind}`)}</Mark> : <Mark tone="good">{say("codes.enabled")}</Mark>;
            },
          },
        ]}
        empty={
          <Empty icon="keyword" title={say("codes.none")} action={first}>
            {say("codes.none-more")}
          </Empty>
        }
      />
    </Screen>
  );
}

function Known({ of }: { of: Code }) {
  const { say } = useWords();
  if (of.default) return <i>{say("codes.by-default")}</i>;
  if (of.regex) return <code dir="ltr">{of.regex}</code>;
  return <bdi>{[...of.keywords, ...Object.values(of.translations).flat()].join(", ")}</bdi>;
}

export function Reports({ of }: { of: readonly Report[] }) {
  const { say } = useWords();
  if (!of.length) return null;
  return (
    <ul className={style.reports} aria-label={say("codes.reports")}>
      {of.slice(0, 10).map((one) => (
        <li key={one.kind + one.code + one.other + one.detail}>
          <Mark tone="warn">{say(`codes.report-${one.kind}`)}</Mark>
          <strong>
            <bdi>{one.code}</bdi>
          </strong>{" "}
          <Told text={one.detail} />
        </li>
      ))}
      {of.length > 10 && <li>{say("codes.more-reports", { n: of.length - 10 })}</li>}
    </ul>
  );
}

function NewCode({ make }: { make: (example?: string) => void }) {
  const { say } = useWords();
  return (
    <Menu>
      <Menu.Target>
        <Button leftSection={<Icon name="plus" />}>{say("codes.new")}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => make()}>{say("codes.blank")}</Menu.Item>
        <Menu.Divider />
        <Menu.Label>{say("codes.examples")}</Menu.Label>
        {EXAMPLES.map(({ name, load }) => (
          <Example key={name} name={name} load={load} make={make} />
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** An example of several codes is taken whole; one of a single code opens to be changed first. */
function Example({ name, make }: (typeof EXAMPLES)[number] & { make: (example?: string) => void }) {
  const { say, has } = useWords();
  const key = `codes.example-${name}`;
  return <Menu.Item onClick={() => make(name)}>{has(key) ? say(key) : name}</Menu.Item>;
}

/** Out into a file and in from one: all of a file or none, after a look at what would come of it. */
function Files() {
  const { say } = useWords();
  const { toast, trouble, confirm } = useTell();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const reset = useRef<() => void>(null);

  async function out() {
    setBusy(true);
    try {
      const codes: Schemas["Rule"][] = [];
      let cursor: string | undefined;
      for (let page = 0; page < PAGES_MOST; page += 1) {
        const answer = await readCodes(cursor);
        codes.push(...answer.data.map((one) => terse(ruleOf(one))));
        if (!answer.next_cursor) break;
        cursor = answer.next_cursor;
      }
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([`${JSON.stringify({ codes }, null, 2)}\n`], { type: "application/json" }));
      link.download = "tidings-codes.json";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    } catch (fault) {
      trouble(fault);
    } finally {
      setBusy(false);
    }
  }

  async function take(file: File | null) {
    if (!file) return;
    reset.current?.(); // the same file, mended, may be chosen again
    setBusy(true);
    try {
      const codes = codesOf(await file.text());
      const would = await ask(api.POST("/v1/codes/import", { body: { codes, dry_run: true } }));
      const yes = await confirm({
        title: say("codes.import-ask", { n: would.data.length }),
        text: (
          <>
            <p>{would.data.map((one) => one.name).join(", ")}</p>
            <Reports of={would.reports} />
          </>
        ),
        yes: say("codes.import"),
      });
      if (!yes) return;
      await ask(api.POST("/v1/codes/import", { body: { codes } }));
      toast(say("codes.imported", { n: codes.length }));
      void queries.invalidateQueries({ queryKey: ["codes"] });
      void queries.invalidateQueries({ queryKey: ["code-reports"] });
    } catch (fault) {
      if (fault instanceof SyntaxError) trouble(new Problem(422, "no_codes", say("codes.no-file"), ""));
      else if (fault instanceof Problem && fault.errors.length)
        await confirm({ title: fault.title, text: <Faults of={fault} />, yes: say("block.close") });
      else trouble(fault);
    } finally {
      setBusy(false);
    }
  }
  return (
    <>
      <FileButton resetRef={reset} onChange={(file) => void take(file)} accept="application/json,.json">
        {(props) => (
          <Button {...props} variant="default" loading={busy} leftSection={<Icon name="up" />}>
            {say("codes.import")}
          </Button>
        )}
      </FileButton>
      <Button variant="default" loading={busy} leftSection={<Icon name="down" />} onClick={out}>
        {say("codes.export")}
      </Button>
    </>
  );
}

function Faults({ of }: { of: Problem }) {
  return (
    <>
      <Trouble problem={of} />
      <ul className={style.faults}>
        {of.errors.map((one) => (
          <li key={one.pointer + one.detail}>
            <code>{one.pointer}</code> <Told text={one.detail} />
          </li>
        ))}
      </ul>
    </>
  );
}

export function BackToCodes() {
  const { say } = useWords();
  return (
    <Button variant="subtle" color="gray" component={Link} to="/codes">
      {say("codes.all")}
    </Button>
  );
}
