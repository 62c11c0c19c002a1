import { expect, test } from "vitest";
import { createGate } from "../../test/support/gate.js";
import { credential, type DependencyDefinition, dependency } from "../declare/dependency.js";
import { MadeValues } from "./made-values.js";

/** Kept values, and what was done with them, in order. */
function open() {
  const log: unknown[] = [];
  const values = new MadeValues({ report: (error, during) => log.push([error, during]) });
  return { values, log };
}

function definition(dispose?: (value: unknown) => unknown): DependencyDefinition {
  return dependency({ create: () => undefined as unknown, dispose })["~definition"];
}

test("what was added is there, be it undefined, and what was not is not", async () => {
  const { values } = open();
  const [a, b, c] = [definition(), definition(), definition()];
  await values.add(a, 1);
  await values.add(b, undefined);
  expect([values.has(a), values.has(b), values.has(c)]).toEqual([true, true, false]);
  expect([values.get(a), values.get(b), values.get(c)]).toEqual([1, undefined, undefined]);
  expect([...values.definitions]).toEqual([a, b]);
});

test("values are disposed of in the reverse of the order they were made in, one after the other, and once", async () => {
  const { values, log } = open();
  const { open: let2Go, opened } = createGate();
  for (const number of [1, 2, 3]) {
    const dispose = async (value: unknown) => {
      log.push(`begun ${value}`);
      if (value === 2) await opened;
      log.push(`done ${value}`);
    };
    await values.add(definition(dispose), number);
  }
  const disposing = values.dispose();
  await new Promise((resolve) => setImmediate(resolve));
  expect(log).toEqual(["begun 3", "done 3", "begun 2"]);
  let2Go();
  await disposing;
  await values.dispose();
  expect(log).toEqual(["begun 3", "done 3", "begun 2", "done 2", "begun 1", "done 1"]);
  expect(values.definitions.size).toBe(0);
});

test("a value's own way is taken: `asyncDispose` before `dispose`, and the option before both", async () => {
  const { values, log } = open();
  const note = (what: string) => () => void log.push(what);
  const both = (name: string) => ({
    [Symbol.asyncDispose]: async () => note(`${name} asyncDispose`)(),
    [Symbol.dispose]: note(`${name} dispose`),
  });
  await values.add(definition(), both("first"));
  await values.add(definition(), { [Symbol.dispose]: note("second dispose") });
  await values.add(
    definition((value) => log.push(["option", typeof value])),
    both("third"),
  );
  await values.add(
    definition((value) => log.push(["option", value])),
    undefined,
  );
  for (const value of [undefined, null, 7, "text", {}, { dispose: note("no symbol") }, () => {}]) {
    await values.add(definition(), value);
  }
  await values.dispose();
  expect(log).toEqual([["option", undefined], ["option", "object"], "second dispose", "first asyncDispose"]);
});

test("a value is disposed of as itself", async () => {
  const { values } = open();
  const pool = {
    isEnded: false,
    async [Symbol.asyncDispose]() {
      this.isEnded = true;
    },
  };
  await values.add(definition(), pool);
  await values.dispose();
  expect(pool.isEnded).toBe(true);
});

test("whoever a credential told of is not ours to dispose of", async () => {
  const { values, log } = open();
  await values.add(credential([])["~definition"], { id: "ana", [Symbol.dispose]: () => log.push("disposed") });
  await values.dispose();
  expect(log).toEqual([]);
});

test("a disposal that throws or rejects is told, and the others still run", async () => {
  const { values, log } = open();
  const [thrown, rejected] = [new Error("thrown"), new Error("rejected")];
  await values.add(
    definition((value) => log.push(value)),
    "last",
  );
  await values.add(
    definition(() => {
      throw thrown;
    }),
    1,
  );
  await values.add(
    definition(() => Promise.reject(rejected)),
    2,
  );
  await values.add(
    definition((value) => log.push(value)),
    "first",
  );
  await values.dispose();
  expect(log).toEqual(["first", [rejected, "dispose"], [thrown, "dispose"], "last"]);
});

test("what is made when all is over is disposed of at once, and whoever made it hears so", async () => {
  const { values, log } = open();
  await values.dispose();
  const late = definition((value) => log.push(value));
  await expect(values.add(late, "late")).rejects.toMatchObject({ name: "AbortError" });
  expect(log).toEqual(["late"]);
  expect(values.has(late)).toBe(false);
  const broken = definition(() => Promise.reject(new Error("broken")));
  await expect(values.add(broken, 1)).rejects.toMatchObject({ name: "AbortError" });
  expect(log[1]).toEqual([new Error("broken"), "dispose"]);
});

test("what is taken out is its taker's: each is disposed of by who has it, in order, and once", async () => {
  const { values, log } = open();
  const definitions = ["a", "b", "c", "d"].map((name) => definition(() => log.push(name)));
  for (const each of definitions) await values.add(each, each);
  const [a, b, , d] = definitions;
  const taken = values.take((each) => each === a || each === d);
  expect([values.definitions.size, [...taken.definitions]]).toEqual([2, [a, d]]);
  expect([values.has(a as DependencyDefinition), taken.get(d as DependencyDefinition)]).toEqual([false, d]);
  await taken.dispose();
  expect(log).toEqual(["d", "a"]);
  await values.dispose();
  expect(log).toEqual(["d", "a", "c", "b"]);
  expect(b).toBeDefined();
});

test("what is put in belongs to the one it was put into, and comes after what was there", async () => {
  const { values, log } = open();
  const others = open().values;
  await values.add(
    definition(() => log.push("first")),
    1,
  );
  await others.add(
    definition(() => log.push("second")),
    2,
  );
  values.put(others);
  await others.dispose();
  expect(log).toEqual([]);
  await values.dispose();
  expect(log).toEqual(["second", "first"]);
});
