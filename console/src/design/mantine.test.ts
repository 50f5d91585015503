/** Whoever uses a part of Mantine has its sheet too. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

it("brings the sheet of every part that is used", () => {
  const files = (readdirSync("src", { recursive: true }) as string[]).filter((one) => /\.tsx?$/.test(one));
  const code = files.map((one) => readFileSync(`src/${one}`, "utf8")).join("\n");
  const used = [...code.matchAll(/import \{([^}]*)\} from "@mantine\/core"/g)].flatMap((found) => found[1]?.match(/\b[A-Z]\w+/g) ?? []);
  const sheets = readFileSync("src/design/mantine.css", "utf8");
  const missing = [...new Set(used)].filter(
    (one) => existsSync(`node_modules/@mantine/core/styles/${one}.layer.css`) && !sheets.includes(`/${one}.layer.css`),
  );
  expect(used.length).toBeGreaterThan(10);
  expect(missing).toEqual([]);
});
