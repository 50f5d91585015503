/** How much goes through: over the last hour, day or thirty days, and in the step that is not over yet. */
import { SegmentedControl } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { api, ask } from "../../api/client";
import { useSession } from "../../api/session";
import { Chart } from "../../blocks/Chart";
import { Card } from "../../blocks/Screen";
import { Loading, Trouble } from "../../blocks/States";
import { useWords } from "../../words";
import { count, type Kind, KINDS, moment, parted, type Span, SPANS } from "./spans";

export function Traffic() {
  const { say, locale } = useWords();
  const [span, choose] = useState<Span>("hour");
  const whole = useSession().who?.all_accounts ?? false;
  const { step, look } = SPANS[span];
  const report = useQuery({
    queryKey: ["traffic", step, whole],
    queryFn: ({ signal }) => ask(api.GET("/v1/reports/traffic", { params: { query: { step, account: whole ? "all" : undefined } }, signal })),
    refetchInterval: look,
    placeholderData: keepPreviousData,
  });
  const found = report.data;
  const option = useMemo(() => {
    if (!found) return {};
    const shown = found.step === "minute" ? "hour" : found.step === "hour" ? "day" : "month";
    const { over } = parted(found.data);
    return {
      legend: { top: 0, icon: "circle", itemWidth: 8, itemHeight: 8, itemGap: 12 },
      grid: { top: 40, right: 12, bottom: 8, left: 8, containLabel: true },
      xAxis: { type: "category", boundaryGap: false, data: over.map((one) => moment(one.at, shown, locale)) },
      yAxis: { type: "value", minInterval: 1, axisLabel: { formatter: (n: number) => new Intl.NumberFormat(locale, { notation: "compact" }).format(n) } },
      series: KINDS.map((kind) => ({
        type: "line",
        name: say(`overview.${kind}`),
        showSymbol: false,
        lineStyle: { width: 1.5 },
        data: over.map((one) => count(one, kind)),
      })),
    };
  }, [found, locale, say]);
  const told = (of: Parameters<typeof count>[0]) => Object.fromEntries(KINDS.map((kind) => [kind, count(of, kind)])) as Record<Kind, number>;
  const running = parted(found?.data ?? []).running;
  return (
    <Card
      title={say("overview.traffic")}
      aside={
        <SegmentedControl
          size="xs"
          aria-label={say("overview.span")}
          data={(Object.keys(SPANS) as Span[]).map((value) => ({ value, label: say(`overview.span-${value}`) }))}
          value={span}
          onChange={(value) => choose(value as Span)}
        />
      }
    >
      <Trouble problem={report.error} />
      {found ? (
        <>
          <p>{say(`overview.per-${found.step}`)}</p>
          <Chart label={say(`overview.chart-${found.step}`, told(found.total))} option={option} />
          {running && <p>{say(`overview.running-${found.step}`, told(running))}</p>}
        </>
      ) : (
        !report.error && <Loading />
      )}
    </Card>
  );
}
