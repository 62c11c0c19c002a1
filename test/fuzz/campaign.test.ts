import { expect, test } from "vitest";
import { Random } from "../../src/testing/random.js";
import { Campaign } from "./campaign.js";
import { Coverage } from "./coverage.js";
import { mutateJson } from "./json-mutation.js";
import { mutate } from "./mutation.js";
import { shrink } from "./shrink.js";
import { type Breach, hold, type Target } from "./target.js";
import { Trial } from "./trial.js";

/** Reads with these rules. */
function target(read: (text: string) => void | Promise<void>): Target {
  return { about: "a test's", words: ["word"], open: () => ({ read: (input) => read(input.toString()) }) };
}

async function campaignOf(given: Target, corpus: readonly string[]) {
  const coverage = new Coverage();
  const trial = await Trial.open(given);
  const inputs = corpus.map((text) => Buffer.from(text));
  const campaign = new Campaign({ target: given, trial, coverage, corpus: inputs, seed: 7, trying: () => {} });
  await campaign.begin();
  return {
    campaign,
    async [Symbol.asyncDispose]() {
      coverage.stop();
      await trial[Symbol.asyncDispose]();
    },
  };
}

test("what breaks a rule is found once, and made as short as it can be", async () => {
  await using tried = await campaignOf(
    target((text) => hold(!text.includes("word"), "no word", text)),
    ["something that is long, and has nothing in it"],
  );
  await tried.campaign.step();
  await tried.campaign.step();
  expect(tried.campaign.findings.map(({ breach, input }) => [breach.rule, input.toString()])).toEqual([
    ["no word", "word"],
  ]);
});

test("the same seed tries the same inputs", async () => {
  const inputsOf = async () => {
    const inputs: string[] = [];
    await using tried = await campaignOf(
      target((text) => void inputs.push(text)),
      ["a", '{"b":[1,"c"]}'],
    );
    await tried.campaign.step();
    return inputs;
  };
  expect(await inputsOf()).toEqual(await inputsOf());
});

test.each<[string, (text: string) => void | Promise<void>, RegExp]>([
  ["throws", () => JSON.parse("{"), /^it throws SyntaxError/],
  ["rejects", () => Promise.reject(new TypeError("x")), /^it throws TypeError/],
  ["throws what is no error", () => Promise.reject("x"), /^it throws a string/],
  [
    "lets a promise fail behind its back",
    async () => {
      void Promise.reject(new RangeError("x"));
    },
    /^nobody catches RangeError/,
  ],
])("what %s breaks a rule of all", async (_, read, rule) => {
  await using trial = await Trial.open(target(read));
  expect((await trial.run(Buffer.from("x")))?.rule).toMatch(rule);
});

test("a prototype that is changed is a breach", async () => {
  await using trial = await Trial.open(target(() => void Reflect.set(Object.prototype, "polluted", 1)));
  let breach: Breach | undefined;
  try {
    breach = await trial.run(Buffer.from("x"));
  } finally {
    Reflect.deleteProperty(Object.prototype, "polluted");
  }
  expect(breach?.rule).toBe("Object.prototype is changed");
});

test("what reaches new code is told from what does not", async () => {
  const coverage = new Coverage();
  const { parseMessage } = await import("../../src/protocol/parse-message.js");
  const reach = (text: string) => {
    parseMessage(text);
    return coverage.take();
  };
  coverage.add(reach("{"));
  expect(coverage.isNew(reach("}"))).toBe(false);
  const further = reach("[]");
  expect(coverage.isNew(further)).toBe(true);
  coverage.add(further);
  expect(coverage.isNew(reach("[1]"))).toBe(false);
  expect(coverage.isNew(reach('{"type":"say"}'))).toBe(true);
  coverage.stop();
});

test("what is JSON stays JSON where it is changed as a tree, but for what can't be written", () => {
  const random = new Random(3);
  const text = '{"type":"say","payload":{"a":[1,{"b":null}],"c":"text"},"id":7}';
  const changed = Array.from({ length: 500 }, () =>
    mutateJson(text, { random, words: ["w"], other: Buffer.from("[5]") }),
  );
  expect(new Set(changed).size).toBeGreaterThan(100);
  for (const each of changed) expect(() => JSON.parse(each ?? "")).not.toThrow();
  expect(changed.some((each) => each?.includes('"__proto__":'))).toBe(true);
});

test("a mutation is never longer than it may be", () => {
  const random = new Random(5);
  let input: Buffer = Buffer.from("abc");
  for (let round = 0; round < 300; round += 1) {
    input = mutate(input, { random, words: ["w".repeat(90)], other: input }, 500);
    expect(input.length).toBeLessThanOrEqual(500);
  }
});

test("what does the same shorter takes the place of what is longer", async () => {
  const smallest = await shrink(Buffer.from("xxxx<yy>zzzz"), async (bytes) => /<.*>/.test(bytes.toString()));
  expect(smallest.toString()).toBe("<>");
});
