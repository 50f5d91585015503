/** Messages as they come and end, in five seconds each, since the page was opened. */
import { useEffect, useState } from "react";
import { useLive } from "../../api/live";
import { Chart } from "../../blocks/Chart";
import { now } from "../../blocks/When";
import { useWords } from "../../words";
import { counted, KINDS, STRETCH_MS, type Stretch } from "./rates";

export function Traffic() {
  const { say, locale } = useWords();
  const [stretches, set] = useState<Stretch[]>(() => counted([], [], now()));
  useLive(["message."], (events) => set((before) => counted(before, events.map((one) => one.type), now())));
  useEffect(() => {
    const timer = setInterval(() => set((before) => counted(before, [], now())), STRETCH_MS);
    return () => clearInterval(timer);
  }, []);
  const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const sum = (kind: (typeof KINDS)[number]) => stretches.reduce((all, one) => all + one.counts[kind], 0);
  return (
    <>
      <Chart
        label={say("overview.chart", { accepted: sum("accepted"), delivered: sum("delivered"), lost: sum("lost"), received: sum("received") })}
        option={{
          legend: { type: "scroll", top: 0, icon: "circle" },
          grid: { top: 40, right: 12, bottom: 8, left: 8, containLabel: true },
          xAxis: { type: "category", data: stretches.map((one) => clock.format(one.at)) },
          yAxis: { type: "value", minInterval: 1 },
          series: KINDS.map((kind) => ({ type: "bar", name: say(`overview.${kind}`), barMaxWidth: 18, data: stretches.map((one) => one.counts[kind]) })),
        }}
      />
      <p>{say("overview.since")}</p>
    </>
  );
}
