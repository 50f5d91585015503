/**
 * What the bench looks at from within the page: frames, long tasks, and how long it takes from what a person does (the last
 * trusted event of a mouse or keyboard) until the rows are painted. It draws nothing and changes nothing.
 */
(() => {
  const bench = {};
  window.bench = bench;
  let before = 0;
  let since = 0;
  let emptySince = 0;

  bench.reset = () => Object.assign(bench, { frames: 0, slow: 0, longest: 0, task: 0, tasks: 0, empty: 0, emptyFrames: 0, rows: 0 });
  bench.reset();
  bench.took = null;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) {
      bench.task = Math.max(bench.task, one.duration);
      bench.tasks += 1;
    }
  }).observe({ type: "longtask" });

  for (const type of ["keydown", "click", "input", "change"]) {
    addEventListener(type, (event) => { if (event.isTrusted) since = event.timeStamp; }, true);
  }

  const table = () => document.querySelector("main [role=table]");
  const drawn = (of) => of?.querySelectorAll("[role=rowgroup] [role=row]") ?? [];

  /** Calls `tell` with the milliseconds from the last event of a person until `seen` is true and painted. */
  bench.until = (seen) => {
    bench.took = null;
    const begun = performance.now();
    const look = () => {
      if (since < begun || !seen()) return requestAnimationFrame(look);
      // After the paint of the frame that shows it.
      return requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => { bench.took = performance.now() - since; };
        port2.postMessage(null);
      });
    };
    requestAnimationFrame(look);
  };

  /** For what a person does by no event that is told from a script's: a date put into its field. */
  bench.mark = () => { since = performance.now(); };

  /** Rows of another list than the one that stands now, or the word that there are none. */
  bench.untilRows = () => {
    const old = table();
    bench.until(() => {
      const now = table();
      return now ? now !== old && drawn(now).length > 0 : document.querySelector("main h2") !== null;
    });
  };

  /** Whether the part of the list that is looked at holds rows from its upper to its lower edge. */
  function covered() {
    const list = table();
    const rows = drawn(list);
    if (!rows.length) return true;
    const box = rows[0].parentElement.parentElement.getBoundingClientRect();
    // The row one stands on may be drawn far from what is looked at.
    let top = Infinity;
    let bottom = -Infinity;
    for (const row of rows) {
      const its = row.getBoundingClientRect();
      if (its.bottom < box.top || its.top > box.bottom) continue;
      top = Math.min(top, its.top);
      bottom = Math.max(bottom, its.bottom);
      bench.rows = Math.max(bench.rows, Number(row.getAttribute("aria-rowindex")) - 1);
    }
    return top <= box.top + 1 && bottom >= box.bottom - 60;
  }

  function frame(now) {
    if (before) {
      const length = now - before;
      bench.frames += 1;
      bench.longest = Math.max(bench.longest, length);
      if (length > 1000 / 30 + 1) bench.slow += 1;
    }
    before = now;
    if (bench.watch) {
      if (covered()) emptySince = 0;
      else {
        emptySince ||= now;
        bench.emptyFrames += 1;
        bench.empty = Math.max(bench.empty, now - emptySince + 16);
      }
    }
    requestAnimationFrame(frame);
  }
  requestAnimationFrame(frame);
})();
