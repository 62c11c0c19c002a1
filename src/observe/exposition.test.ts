import { expect, test } from "vitest";
import type { MetricFamily } from "../declare/metric-family.js";
import { writeExposition } from "./exposition.js";

/** A gauge `g` with one sample. */
function gauge(of: { help?: string; labels?: Record<string, string>; value?: number }): MetricFamily {
  const { help = "Some.", labels = {}, value = 1 } = of;
  return { name: "g", help, type: "gauge", labelNames: Object.keys(labels), samples: [{ name: "g", labels, value }] };
}

const sampleOf = (of: Parameters<typeof gauge>[0]) => writeExposition([gauge(of)]).split("\n")[2];

test("a family is its help, its type and its samples, each on a line", () => {
  const samples = [
    { name: "c_total", labels: { code: "1000", reason: "" }, value: 3 },
    { name: "c_total", labels: { code: "1006", reason: "" }, value: 1 },
  ];
  const closed: MetricFamily = { name: "c_total", help: "Ended.", type: "counter", labelNames: ["code"], samples };
  expect(writeExposition([closed, gauge({})])).toBe(
    [
      "# HELP c_total Ended.",
      "# TYPE c_total counter",
      'c_total{code="1000",reason=""} 3',
      'c_total{code="1006",reason=""} 1',
      "# HELP g Some.",
      "# TYPE g gauge",
      "g 1",
      "",
    ].join("\n"),
  );
});

test("a family without samples is there all the same", () => {
  expect(writeExposition([{ ...gauge({}), samples: [] }])).toBe("# HELP g Some.\n# TYPE g gauge\n");
});

test("a label is one text, whatever stands in it", () => {
  expect(sampleOf({ labels: { message: 'a"b\\c\nd="e"' } })).toBe('g{message="a\\"b\\\\c\\nd=\\"e\\""} 1');
});

test("a help is one line", () => {
  expect(writeExposition([gauge({ help: 'a\\b\nc "d"' })]).split("\n")[0]).toBe('# HELP g a\\\\b\\nc "d"');
});

test.each([
  [0.1, "0.1"],
  [1e21, "1e+21"],
  [Number.POSITIVE_INFINITY, "+Inf"],
  [Number.NEGATIVE_INFINITY, "-Inf"],
  [Number.NaN, "NaN"],
])("%s is written so that Go reads it", (value, text) => {
  expect(sampleOf({ value })).toBe(`g ${text}`);
});
