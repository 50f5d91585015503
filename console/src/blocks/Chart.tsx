/** A chart in the colours of the house. ECharts comes with the first one, in the parts that are used. */
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import style from "./Chart.module.css";
import type { EChartsCoreOption, EChartsType } from "./echarts";

interface Props {
  /** What it shows, in words: a chart that cannot be seen still has to tell. */
  label: string;
  option: EChartsCoreOption;
  height?: number;
}

export function Chart({ label, option, height = 220 }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<EChartsType | null>(null);
  const scheme = useComputedColorScheme();

  useEffect(() => {
    let made: EChartsType | undefined;
    let gone = false;
    const watch = new ResizeObserver(() => made?.resize());
    void import("./echarts").then(({ init }) => {
      if (gone || !place.current) return;
      made = init(place.current);
      watch.observe(place.current);
      setChart(made);
    });
    return () => {
      gone = true;
      watch.disconnect();
      made?.dispose();
      setChart(null);
    };
  }, []);

  useEffect(() => {
    if (!chart || !place.current) return;
    const of = getComputedStyle(place.current);
    const colour = (name: string) => resolved(of.getPropertyValue(name), scheme);
    const line = { lineStyle: { color: colour("--line") } };
    const axis = (given: unknown) => ({ axisLine: line, splitLine: line, axisLabel: { color: colour("--ink-2") }, ...(given as object) });
    chart.setOption(
      {
        animation: false,
        textStyle: { fontFamily: of.fontFamily, color: colour("--ink-2") },
        color: ["--accent", "--good", "--warn", "--bad", "--calm"].map(colour),
        grid: { top: 16, right: 12, bottom: 8, left: 8, containLabel: true },
        // Drawn on the canvas: the page's policy lets no style in that comes as text.
        tooltip: { renderMode: "richText", trigger: "axis", backgroundColor: colour("--raised"), borderColor: colour("--line"), textStyle: { color: colour("--ink") } },
        ...option,
        legend: option.legend ? { textStyle: { color: colour("--ink-2") }, ...option.legend } : undefined,
        xAxis: axis(option.xAxis),
        yAxis: axis(option.yAxis),
      },
      { notMerge: true },
    );
  }, [chart, option, scheme]);

  return <div className={style.chart} ref={place} style={{ height }} role="img" aria-label={label} />;
}

/** A canvas knows no `light-dark()`. */
function resolved(value: string, scheme: "light" | "dark"): string {
  const pair = /light-dark\(\s*([^,]+),\s*([^)]+)\)/.exec(value);
  return (pair ? pair[scheme === "dark" ? 2 : 1] : value)?.trim() ?? "";
}
