import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readRepository } from "../support/repository.js";

const page = readFileSync(new URL("../../docs/reference/rfc.md", import.meta.url), "utf8");
const rules = rulesOf(page);
const named = new Set(rules.flatMap(({ tests }) => tests));
const sources = [...readRepository(/^test\/rfc\/.*-rules\.ts$/).values()];
const titles = sources.flatMap((source) =>
  [...source.matchAll(/\btest\(\s*"(RFC [^"]*)"/g)].map(([, title = ""]) => title),
);

test("each test that docs/reference/rfc.md names exists, and each test is named there", () => {
  expect([...named].sort()).toEqual([...titles].sort());
  expect(titles.length).toBeGreaterThan(90);
});

test("each test has a name of its own, which begins with its section", () => {
  expect(new Set(titles).size).toBe(titles.length);
  expect(titles.filter((title) => !/^RFC (6455|7692) §\d+(\.\d+)*: [^ ]/.test(title))).toEqual([]);
  const calls = sources.flatMap((source) => [...source.matchAll(/\btest(\.\w+)*\(/g)]);
  expect(calls).toHaveLength(titles.length);
});

test("each rule has its tests, or says whose it is", () => {
  for (const { rule, tests, none } of rules) expect(tests.length > 0, rule).toBe(none === undefined);
  expect(rules.filter(({ none }) => none !== undefined && none.length < 10)).toEqual([]);
});

test("docs/reference/rfc.md counts them right", () => {
  const without = rules.filter(({ none }) => none !== undefined).length;
  const counts = `${rules.length} rules, ${rules.length - without} of them shown by ${named.size} tests; the other ${without} are not the server's.`;
  expect(page).toContain(counts);
});

test("the table has every section of RFC 6455 §5–7 and RFC 7692 §7 that has a rule for a server", () => {
  const sections = rules.flatMap(({ rfc, sections }) => sections.map((section) => `${rfc} ${section}`));
  const wanted = {
    6455: [
      "5.1",
      "5.2",
      "5.3",
      "5.4",
      "5.5",
      "5.5.1",
      "5.5.2",
      "5.5.3",
      "5.6",
      "5.8",
      "6.1",
      "6.2",
      "7.1.2",
      "7.1.7",
      "7.2.2",
      "7.4.1",
    ],
    7692: ["7", "7.1", "7.1.1.1", "7.1.1.2", "7.1.2.1", "7.1.2.2", "7.2.1", "7.2.2"],
  };
  const missing = Object.entries(wanted).flatMap(([rfc, each]) =>
    each.filter((section) => !sections.includes(`${rfc} ${section}`)),
  );
  expect(missing).toEqual([]);
});

interface Rule {
  readonly rfc: string;
  readonly sections: readonly string[];
  readonly rule: string;
  /** In full, as they are named where they are defined. */
  readonly tests: readonly string[];
  /** Why there is no test. */
  readonly none: string | undefined;
}

function rulesOf(text: string): Rule[] {
  let rfc = "";
  return text.split("\n").flatMap((line) => {
    rfc = /^## RFC (\d+)$/.exec(line)?.[1] ?? rfc;
    const [, sections = "", rule = "", shown = ""] = /^\| (\d[\d., ]*) \| (.*) \| (.*) \|$/.exec(line) ?? [];
    if (rule === "") return [];
    const none = /^\*none: (.*)\*$/.exec(shown)?.[1];
    const tests =
      none === undefined ? shown.split("<br>").map((name) => (name.startsWith("§") ? `RFC ${rfc} ${name}` : name)) : [];
    return [{ rfc, sections: sections.split(", "), rule, tests, none }];
  });
}
