/** One code as a form, the test bench beside it. */
import { Button, NumberInput, SegmentedControl, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { api, ask, type Schemas } from "../api/client";
import { type FieldFault, Problem } from "../api/problem";
import { Form, useForm } from "../blocks/Form";
import { Card, Columns, Screen, Stack } from "../blocks/Screen";
import { Failure, Loading } from "../blocks/States";
import { useTell } from "../blocks/tell";
import { Icon } from "../design/icons";
import { useParam } from "../router";
import { useWords } from "../words";
import { BackToCodes, Reports } from "./Codes";
import { Bench } from "./codes/Bench";
import { Deeds } from "./codes/Deeds";
import { Limits } from "./codes/Limits";
import { Parameters } from "./codes/Parameters";
import style from "./codes/codes.module.css";
import { BLANK, EXAMPLES, type Rule, ruleOf } from "./codes/rule";

export default function CodeEditor() {
  const { say } = useWords();
  const id = useParam("id");
  const { example } = useSearch({ strict: false }) as { example?: string };
  const query = useQuery({
    queryKey: ["code", id, example],
    queryFn: async ({ signal }): Promise<Rule> => {
      if (id !== "new") return ruleOf(await ask(api.GET("/v1/codes/{id}", { params: { path: { id } }, signal })));
      const found = await EXAMPLES.find((one) => one.name === example)?.load();
      return found?.codes[0] ? ruleOf(found.codes[0]) : BLANK;
    },
    // A form is filled once: what somebody else saves meanwhile does not type into it.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnMount: false,
  });
  if (!query.data) {
    return (
      <Screen fill title={say("codes.one")}>
        {query.error ? <Failure problem={query.error} again={() => void query.refetch()} /> : <Loading />}
      </Screen>
    );
  }
  return <Editor key={`${id}-${example}`} id={id} of={query.data} />;
}

function Editor({ id, of }: { id: string; of: Rule }) {
  const { say } = useWords();
  const { toast, trouble, confirm } = useTell();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [live, setLive] = useState<readonly FieldFault[]>([]);
  const [reports, setReports] = useState<readonly Schemas["Report"][]>([]);
  const fresh = id === "new";
  const stale = () => {
    void queries.invalidateQueries({ queryKey: ["codes"] });
    void queries.invalidateQueries({ queryKey: ["code-reports"] });
  };
  const form = useForm<Rule>(of, async (rule) => {
    const kept = fresh
      ? await ask(api.POST("/v1/codes", { body: rule }))
      : await ask(api.PATCH("/v1/codes/{id}", { params: { path: { id } }, body: rule }));
    toast(say("codes.saved"));
    setReports(kept.reports ?? []);
    stale();
    if (fresh) void navigate({ to: `/codes/${kept.id}`, replace: true });
  });
  const { values, set } = form;
  const onFaults = useCallback((faults: readonly FieldFault[]) => setLive(faults), []);
  // What saving said, until that field is touched; then what the bench says of the code as it stands.
  const error = (pointer: string): string | undefined => {
    const field = pointer.split("/")[1] as keyof Rule & string;
    const said = form.problem instanceof Problem ? form.problem.errors : [];
    const own = said.some((one) => one.pointer === pointer) ? form.error(field, pointer) : undefined;
    return own ?? live.find((one) => one.pointer === pointer)?.detail;
  };
  const by = values.default ? "default" : values.regex !== null ? "regex" : "keywords";
  function knownBy(next: string) {
    set("default", next === "default");
    set("regex", next === "regex" ? (values.regex ?? "") : null);
    if (next !== "keywords") {
      set("keywords", []);
      set("translations", {});
      set("fuzzy", false);
    }
  }
  function become(parameters: Rule["parameters"]) {
    set("parameters", parameters);
    // Texts that lack them need an answer: this one says what was wrong.
    if (parameters.length && !values.help) set("help", "{{ detail }}");
  }
  async function drop() {
    if (!(await confirm({ title: say("codes.drop-ask", { name: of.name }), text: say("codes.drop-more"), yes: say("codes.drop"), danger: true }))) return;
    try {
      await ask(api.DELETE("/v1/codes/{id}", { params: { path: { id } } }));
      toast(say("codes.dropped"));
      stale();
      void navigate({ to: "/codes" });
    } catch (fault) {
      trouble(fault);
    }
  }
  const names = [...values.parameters.map((one) => one.name).filter(Boolean), "from", "to", "text", "keyword"];
  return (
    <Screen
      title={fresh ? say("codes.new") : values.name}
      actions={
        <>
          <BackToCodes />
          {!fresh && (
            <Button variant="default" leftSection={<Icon name="trash" />} onClick={drop}>
              {say("codes.drop")}
            </Button>
          )}
          <Button loading={form.sending} onClick={() => form.submit()}>
            {say("codes.save")}
          </Button>
        </>
      }
    >
      <Reports of={reports} />
      <Columns>
        <Card>
          <Form form={form} label={say("codes.one")}>
            <div className={style.head}>
              <TextInput label={say("codes.name")} maxLength={64} value={values.name} error={error("/name")} onChange={(event) => set("name", event.currentTarget.value)} />
              <NumberInput label={say("codes.priority")} description={undefined} min={1} max={1_000} value={values.priority} error={error("/priority")} onChange={(value) => set("priority", typeof value === "number" ? value : 100)} />
              <Switch label={say("codes.enabled")} checked={values.enabled} onChange={(event) => set("enabled", event.currentTarget.checked)} />
            </div>
            <SegmentedControl aria-label={say("codes.known-by")} data={["keywords", "regex", "default"].map((value) => ({ value, label: say(`codes.by-${value}`) }))} value={by} onChange={knownBy} />
            {by === "keywords" && (
              <>
                <TagsInput label={say("codes.keywords")} description={say("codes.keywords-more")} value={[...values.keywords]} error={error("/keywords") ?? error("/keywords/0")} onChange={(keywords) => set("keywords", keywords)} acceptValueOnBlur />
                <Switch label={say("codes.fuzzy")} checked={values.fuzzy} onChange={(event) => set("fuzzy", event.currentTarget.checked)} />
              </>
            )}
            {by === "regex" && <TextInput label={say("codes.regex")} description={say("codes.regex-more")} dir="ltr" value={values.regex ?? ""} error={error("/regex")} onChange={(event) => set("regex", event.currentTarget.value)} />}
            <Parameters rows={values.parameters} onChange={become} error={error} />
            {values.parameters.length > 0 && (
              <Textarea label={say("codes.help")} description={say("codes.help-more")} autosize minRows={2} maxRows={8} value={values.help} error={error("/help")} onChange={(event) => set("help", event.currentTarget.value)} />
            )}
            <Deeds rows={values.actions} names={names} onChange={(actions) => set("actions", actions)} error={error} />
            <Limits rule={values} set={set} error={error} />
          </Form>
        </Card>
        <Stack>
          <Bench rule={values} onFaults={onFaults} />
        </Stack>
      </Columns>
    </Screen>
  );
}
