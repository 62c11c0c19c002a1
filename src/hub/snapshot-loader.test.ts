import fc from "fast-check";
import { expect, test } from "vitest";
import { stateAt } from "../declare/state-at.js";
import { FakeClock } from "../testing/fake-clock.js";
import { type LoadedState, SnapshotLoader } from "./snapshot-loader.js";

/** Loads that end when a test says so. */
function openLoader() {
  const clock = new FakeClock();
  const loads: { readonly resolve: (state: unknown) => void; readonly reject: (error: Error) => void }[] = [];
  const loader = new SnapshotLoader({
    load: () => new Promise((resolve, reject) => loads.push({ resolve, reject })),
    limitMs: 10_000,
    after: (ms, run) => clock.after(ms, run),
  });
  return { clock, loads, loader };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
const loaderOf = (load: () => unknown) =>
  new SnapshotLoader({ load, limitMs: 10_000, after: (ms, run) => new FakeClock().after(ms, run) });

const place = { epoch: "e1", offset: 7 };

test.each<[string, () => unknown, LoadedState]>([
  ["a state", () => ({ price: 1 }), { json: '{"price":1}', place: undefined }],
  ["one that is made later", async () => [1, 2], { json: "[1,2]", place: undefined }],
  ["nothing", () => undefined, { json: "null", place: undefined }],
  ["a state and its place", () => stateAt(place, { price: 1 }), { json: '{"price":1}', place }],
  [
    "one of before the first event",
    async () => stateAt({ ...place, offset: 0 }, null),
    { json: "null", place: { ...place, offset: 0 } },
  ],
  [
    "a state that has an `offset` itself",
    () => ({ offset: 3, state: 4 }),
    { json: '{"offset":3,"state":4}', place: undefined },
  ],
])("a loader may give %s", async (_, load, expected) => {
  expect(await loaderOf(load).load()).toEqual(expected);
});

test.each<[string, () => unknown, string]>([
  [
    "throws",
    () => {
      throw new Error("no database");
    },
    "no database",
  ],
  ["rejects", () => Promise.reject(new Error("no database")), "no database"],
  ["gives what JSON can't hold", () => 1n, "JSON"],
])("where the loader %s, who asked is told so, and the next is loaded anew", async (_, load, message) => {
  let count = 0;
  const loader = loaderOf(() => ((count += 1) === 1 ? load() : "second"));
  await expect(loader.load()).rejects.toThrow(message);
  expect(await loader.load()).toEqual({ json: '"second"', place: undefined });
});

test("who asks while a load runs waits for the next, all of them for one and the same", async () => {
  const { loader, loads } = openLoader();
  const first = loader.load();
  const later = [loader.load(), loader.load(), loader.load()];
  expect(loads).toHaveLength(1);
  loads[0]?.resolve("first");
  expect(await first).toMatchObject({ json: '"first"' });
  await settled();
  expect(loads).toHaveLength(2);
  loads[1]?.resolve("second");
  for (const each of later) expect(await each).toMatchObject({ json: '"second"' });
  await settled();
  expect(loads).toHaveLength(2);
});

test("who asks when the load they could have had is over begins one of their own", async () => {
  const { loader, loads } = openLoader();
  const first = loader.load();
  loads[0]?.resolve("first");
  await first;
  await settled();
  const second = loader.load();
  expect(loads).toHaveLength(2);
  loads[1]?.resolve("second");
  expect(await second).toMatchObject({ json: '"second"' });
});

test("one load that fails is not the failure of those who wait for the next", async () => {
  const { loader, loads } = openLoader();
  const first = loader.load();
  const second = loader.load();
  loads[0]?.reject(new Error("no database"));
  await expect(first).rejects.toThrow("no database");
  await settled();
  loads[1]?.resolve("second");
  expect(await second).toMatchObject({ json: '"second"' });
});

test("who asks again in the very moment in which they were answered shares the load of those who waited", async () => {
  const { loader, loads } = openLoader();
  const again = loader.load().then(() => loader.load());
  const waiting = loader.load();
  loads[0]?.resolve("first");
  await settled();
  expect(loads).toHaveLength(2);
  loads[1]?.resolve("second");
  expect((await Promise.all([again, waiting])).map(({ json }) => json)).toEqual(['"second"', '"second"']);
});

test("a load that takes longer than `limits.needs` is `unavailable`, and holds nobody back any more", async () => {
  const { clock, loader, loads } = openLoader();
  const first = loader.load();
  const second = loader.load();
  const refused = expect(first).rejects.toMatchObject({ code: "unavailable" });
  await clock.advance("9999ms");
  expect(loads).toHaveLength(1);
  await clock.advance("1ms");
  await refused;
  expect(loads).toHaveLength(2);
  loads[1]?.resolve("second");
  expect(await second).toMatchObject({ json: '"second"' });
});

const steps = fc.array(fc.constantFrom("ask", "resolve", "reject", "wait", "too long"), { maxLength: 40 });

test("whatever happens, loads run one at a time, and nobody is given one that began before they asked", async () => {
  const property = fc.asyncProperty(steps, async (given) => {
    const clock = new FakeClock();
    const running: {
      began: number;
      sinceMs: number;
      resolve: (began: number) => void;
      reject: (error: Error) => void;
    }[] = [];
    let [asked, began, mostAtOnce] = [0, 0, 0];
    const loader = new SnapshotLoader({
      load: () => {
        began += 1;
        const mine = began;
        const sinceMs = clock.elapsed();
        // Those that took too long and run on are the loader's no more.
        const others = running.filter((load) => load.sinceMs + 10 > sinceMs);
        mostAtOnce = Math.max(mostAtOnce, others.length + 1);
        return new Promise((resolve, reject) => running.push({ began: mine, sinceMs, resolve, reject }));
      },
      limitMs: 10,
      after: (ms, run) => clock.after(ms, run),
    });
    const answers: Promise<unknown>[] = [];
    for (const step of given) {
      if (step === "ask") {
        const begunBefore = began;
        asked += 1;
        const answer = loader.load().then(
          ({ json }) => expect(Number(json)).toBeGreaterThan(begunBefore),
          () => {},
        );
        answers.push(answer);
      } else if (step === "wait") await settled();
      else if (step === "too long") await clock.advance("10ms");
      else {
        const load = running.shift();
        if (step === "resolve") load?.resolve(load.began);
        else load?.reject(new Error("no database"));
      }
    }
    expect(began).toBeLessThanOrEqual(asked);
    while (running.length > 0) {
      for (const load of running.splice(0)) load.resolve(load.began);
      await settled();
    }
    expect(mostAtOnce).toBeLessThanOrEqual(1);
    await clock.advance("10ms");
    await clock.advance("10ms");
    await Promise.all(answers);
  });
  await fc.assert(property, { numRuns: 200 });
});
