import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { FakeClock } from "../testing/fake-clock.js";
import { type AskOptions, Exchange, msOf } from "./exchange.js";
import { lost } from "./message.js";

interface Said {
  readonly type: string;
  readonly payload?: unknown;
  readonly id?: number;
}

function create(limit = 10) {
  const clock = new FakeClock({ startMs: 0 });
  const said: Said[] = [];
  const exchange = new Exchange({ clock, say: (text) => void said.push(JSON.parse(text)) }, limit, 10_000, 0.25);
  /** It is open, and nothing has to be there before the rest. */
  const open = () => exchange.opened(() => {});
  const ask = (type: string, payload: unknown, options?: AskOptions) => {
    const answer = exchange.ask(type, payload, options);
    return { id: exchange.lastId, answer };
  };
  return { clock, said, exchange, open, ask };
}

const reply = (id: unknown, payload: object = {}) => ({ type: "reply", id, payload: payload as never });
const failed = (id: unknown, code = "forbidden") => ({ type: "error", id, payload: { code, message: "No." } });

describe("while there is a connection", () => {
  test("what is told has no id, what is asked has one of its own, and both leave at once and in order", () => {
    const { exchange, said, open, ask } = create();
    open();
    expect(exchange.tell("say", { n: 1 })).toBe(true);
    const first = ask("ask", { n: 2 });
    const second = ask("ask", undefined);
    expect(first.id).not.toBe(second.id);
    expect(said).toEqual([
      { type: "say", payload: { n: 1 } },
      { type: "ask", payload: { n: 2 }, id: first.id },
      { type: "ask", id: second.id },
    ]);
  });

  test("an answer resolves the question of its id, in whatever order they come", async () => {
    const { exchange, open, ask } = create();
    open();
    const [a, b] = [ask("ask", {}), ask("ask", {})];
    expect(exchange.answer(reply(b.id, { of: "b" }))).toBe(true);
    expect(exchange.answer(reply(a.id, { of: "a" }))).toBe(true);
    expect(await Promise.all([a.answer, b.answer])).toEqual([{ of: "a" }, { of: "b" }]);
  });

  test.each([undefined, null, 5, ["forbidden"], {}, "No Code"])(
    "an error without a code, such as %j, is `internal`",
    async (code) => {
      const { exchange, open, ask } = create();
      open();
      const { id, answer } = ask("ask", {});
      exchange.answer({ type: "error", id, payload: { code, message: "No." } });
      await expect(answer).rejects.toMatchObject({ name: "TidingsError", code: "internal", message: "No." });
    },
  );

  test("an error rejects with its code, its words, its issues and when to try again", async () => {
    const { exchange, open, ask } = create();
    open();
    const { id, answer } = ask("ask", {});
    const issues = [{ path: ["text"], message: "too short" }];
    const payload = { code: "invalid_payload", message: "It does not fit.", issues, retryAfterMs: 250 };
    exchange.answer({ type: "error", id, payload });
    await expect(answer).rejects.toMatchObject({ name: "TidingsError", ...payload });
  });

  test.each([-1, "soon", null, Number.NaN])("a retryAfterMs of %s is none", async (retryAfterMs) => {
    const { exchange, open, ask } = create();
    open();
    const { id, answer } = ask("ask", {});
    exchange.answer({ type: "error", id, payload: { code: "rate_limited", message: "", retryAfterMs } });
    await expect(answer).rejects.not.toHaveProperty("retryAfterMs");
  });

  test("answers twice, to unknown ids and to none are nobody's", async () => {
    const { exchange, open, ask } = create();
    open();
    const { id, answer } = ask("ask", {});
    for (const other of [id + 1, String(id), undefined, null, Number.NaN, -1, 1e308, {}, []]) {
      expect(exchange.answer(reply(other))).toBe(false);
    }
    expect(exchange.answer(reply(id, { n: 1 }))).toBe(true);
    expect(exchange.answer(reply(id, { n: 2 }))).toBe(false);
    expect(exchange.answer(failed(id))).toBe(false);
    expect(await answer).toEqual({ n: 1 });
  });

  test("what was told is answered by nobody", () => {
    const { exchange, open } = create();
    exchange.tell("say", {});
    open();
    exchange.tell("say", {});
    expect([1, 2, 3].map((id) => exchange.answer(reply(id)))).toEqual([false, false, false]);
  });

  test("as much may be asked at once as one likes", () => {
    const { exchange, said, open, ask } = create(2);
    open();
    for (let n = 0; n < 50; n += 1) ask("ask", {}).answer.catch(() => {});
    expect(exchange.tell("say", {})).toBe(true);
    expect(said.length).toBe(51);
  });

  test("what can't be written is not said, and takes no place", async () => {
    const { exchange, said, open, ask } = create();
    open();
    await expect(ask("ask", 1n).answer).rejects.toThrow(TypeError);
    expect(() => exchange.tell("say", 1n)).toThrow(TypeError);
    expect(said).toEqual([]);
  });
});

describe("a time-out", () => {
  test("is the client's own, or the one that was given", async () => {
    const { clock, open, ask } = create();
    open();
    const settled: string[] = [];
    const follow = (name: string, { answer }: { readonly answer: Promise<unknown> }) =>
      void answer.catch((error) => settled.push(`${name} ${error.code}`));
    follow("own", ask("ask", {}));
    follow("given", ask("ask", {}, { timeoutMs: 1_000 }));
    await clock.advance("999ms");
    expect(settled).toEqual([]);
    await clock.advance("1ms");
    expect(settled).toEqual(["given timeout"]);
    await clock.advance("8999ms");
    expect(settled).toEqual(["given timeout"]);
    await clock.advance("1ms");
    expect(settled).toEqual(["given timeout", "own timeout"]);
    expect(clock.size).toBe(0);
  });

  test("counts from the question, also where that waits for a connection", async () => {
    const { clock, said, open, ask } = create();
    const { answer } = ask("ask", {});
    const outcome = expect(answer).rejects.toMatchObject({ code: "timeout" });
    await clock.advance("10s");
    await outcome;
    open();
    expect(said).toEqual([]);
  });

  test("of what may be said again is a lost connection: nothing else can keep it so long", async () => {
    const { clock, ask } = create();
    const { answer } = ask("publish", {}, { timeoutMs: 240_000, isRepeatable: true });
    const outcome = expect(answer).rejects.toMatchObject({ code: "connection_lost" });
    await clock.advance("4m");
    await outcome;
  });

  test("leaves no timer behind where an answer came", async () => {
    const { exchange, clock, open, ask } = create();
    open();
    const { id, answer } = ask("ask", {});
    exchange.answer(reply(id));
    await answer;
    expect(clock.size).toBe(0);
  });

  test("of an answer that comes too late changes nothing", async () => {
    const { exchange, clock, open, ask } = create();
    open();
    const { id, answer } = ask("ask", {});
    const outcome = expect(answer).rejects.toMatchObject({ code: "timeout" });
    await clock.advance("10s");
    await outcome;
    expect(exchange.answer(reply(id))).toBe(false);
  });
});

describe("while there is none", () => {
  test("it waits, and is said in order, after what has to be there first", () => {
    const { exchange, said, ask } = create();
    exchange.tell("say", { n: 1 });
    ask("ask", { n: 2 }).answer.catch(() => {});
    exchange.tell("say", { n: 3 });
    expect(said).toEqual([]);
    exchange.opened(() => void ask("subscribe", {}).answer.catch(() => {}));
    expect(said.map(({ type, payload }) => [type, payload])).toEqual([
      ["subscribe", {}],
      ["say", { n: 1 }],
      ["ask", { n: 2 }],
      ["say", { n: 3 }],
    ]);
  });

  test("no more of it waits than may", async () => {
    const { exchange, said, open, ask } = create(3);
    expect(exchange.tell("say", { n: 1 })).toBe(true);
    const asked = ask("ask", { n: 2 });
    expect(exchange.tell("say", { n: 3 })).toBe(true);
    expect(exchange.tell("say", { n: 4 })).toBe(false);
    await expect(ask("ask", {}).answer).rejects.toMatchObject({ code: "queue_full" });
    open();
    expect(said.map(({ payload }) => payload)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    exchange.answer(reply(asked.id));
    await asked.answer;
  });

  test("with a limit of 0 nothing waits", async () => {
    const { exchange, ask } = create(0);
    expect(exchange.tell("say", {})).toBe(false);
    await expect(ask("ask", {}).answer).rejects.toMatchObject({ code: "queue_full" });
  });

  test("a question that is refused a place leaves neither a timer nor a listener", async () => {
    const { clock, ask } = create(0);
    const { signal } = new AbortController();
    await expect(ask("ask", {}, { signal }).answer).rejects.toMatchObject({ code: "queue_full" });
    expect(clock.size).toBe(0);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("there is room again for what was given up", async () => {
    const { exchange, clock, ask } = create(1);
    const outcome = expect(ask("ask", {}).answer).rejects.toMatchObject({ code: "timeout" });
    expect(exchange.tell("say", {})).toBe(false);
    await clock.advance("10s");
    await outcome;
    expect(exchange.tell("say", {})).toBe(true);
  });
});

describe("a signal", () => {
  test("that has fired already: nothing is said, and it rejects with its reason", async () => {
    const { said, open, ask } = create();
    open();
    const signal = AbortSignal.abort("not any more");
    await expect(ask("ask", {}, { signal }).answer).rejects.toBe("not any more");
    expect(said).toEqual([]);
  });

  test("that fires later gives the question up, and its answer is nobody's", async () => {
    const { exchange, clock, open, ask } = create();
    open();
    const abort = new AbortController();
    const { id, answer } = ask("ask", {}, { signal: abort.signal });
    abort.abort("not any more");
    await expect(answer).rejects.toBe("not any more");
    expect(exchange.answer(reply(id))).toBe(false);
    expect(clock.size).toBe(0);
  });

  test("that fires while it waits keeps it from being said", async () => {
    const { said, open, ask } = create();
    const abort = new AbortController();
    const { answer } = ask("ask", {}, { signal: abort.signal });
    abort.abort(null);
    await expect(answer).rejects.toBe(null);
    open();
    expect(said).toEqual([]);
  });

  test("that fires after the answer changes nothing, and is listened to no more", async () => {
    const { exchange, open, ask } = create();
    open();
    const abort = new AbortController();
    const { signal } = abort;
    const { id, answer } = ask("ask", {}, { signal });
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    exchange.answer(reply(id, { n: 1 }));
    expect(getEventListeners(signal, "abort")).toEqual([]);
    abort.abort();
    expect(await answer).toEqual({ n: 1 });
  });
});

describe("a connection that is lost", () => {
  test("fails what was asked, and forgets what was told", async () => {
    const { exchange, clock, said, open, ask } = create();
    open();
    exchange.tell("say", {});
    const { answer } = ask("ask", {});
    exchange.lost();
    await expect(answer).rejects.toMatchObject({ code: "connection_lost" });
    said.length = 0;
    open();
    expect(said).toEqual([]);
    expect(clock.size).toBe(0);
  });

  test("keeps what may be said again, says it again as it was and in order, and an answer ends it", async () => {
    const { exchange, said, open, ask } = create();
    open();
    const [first, second] = [
      ask("publish", { key: "a" }, { isRepeatable: true }),
      ask("publish", { key: "b" }, { isRepeatable: true }),
    ];
    exchange.lost();
    exchange.tell("say", {});
    const before = said.splice(0);
    open();
    expect(said).toEqual([...before, { type: "say", payload: {} }]);
    exchange.answer(reply(first.id, { offset: 1 }));
    expect(await first.answer).toEqual({ offset: 1 });
    exchange.lost();
    said.length = 0;
    open();
    expect(said.map(({ id }) => id)).toEqual([second.id]);
  });

  test("fails nothing that waited through a dial that came to nothing", async () => {
    const { exchange, said, open, ask } = create();
    const { id, answer } = ask("ask", {});
    exchange.lost();
    exchange.lost();
    open();
    expect(said).toHaveLength(1);
    exchange.answer(reply(id, { n: 1 }));
    expect(await answer).toEqual({ n: 1 });
  });
});

describe("when the client has closed", () => {
  test("whatever waits fails with why, and nothing is taken any more", async () => {
    const { exchange, clock, said, ask } = create();
    const waiting = ask("ask", {});
    const repeatable = ask("publish", {}, { isRepeatable: true });
    exchange.close(lost("It is over."));
    const why = { code: "connection_lost", message: "It is over." };
    await expect(waiting.answer).rejects.toMatchObject(why);
    await expect(repeatable.answer).rejects.toMatchObject(why);
    await expect(ask("ask", {}).answer).rejects.toMatchObject(why);
    expect(exchange.tell("say", {})).toBe(false);
    expect(said).toEqual([]);
    expect(clock.size).toBe(0);
  });
});

describe("a time as a page says it", () => {
  test.each([
    ["0s", 0],
    ["250ms", 250],
    ["1.5m", 90_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
  ] as const)("%s is %d ms", (duration, ms) => {
    expect(msOf(duration)).toBe(ms);
  });

  test.each(["", "10", "s", "-5s", "1e3s", "10 s", "ten seconds", "10constructor", "NaNs"])("%j is none", (words) => {
    expect(() => msOf(words as never)).toThrow(TypeError);
  });
});

describe("what may be said again", () => {
  const refused = (id: number, retryAfterMs: number) => ({
    type: "error",
    id,
    payload: { code: "rate_limited", message: "Slow.", retryAfterMs },
  });

  test("and was not taken is said again when it is worth it, and answered once", async () => {
    const { clock, exchange, said, open, ask } = create();
    open();
    const { id, answer } = ask("publish", { n: 1 }, { isRepeatable: true });
    expect(exchange.answer(refused(id, 500))).toBe(true);
    await clock.advance("499ms");
    expect(said).toHaveLength(1);
    await clock.advance("1ms");
    expect(said.map((each) => each.id)).toEqual([id, id]);
    exchange.answer(reply(id, { offset: 7 }));
    expect(await answer).toEqual({ offset: 7 });
  });

  test.each([
    ["given up", (given: AbortController) => given.abort()],
    ["closed", (_: unknown, exchange: Exchange) => exchange.close(lost())],
  ])("is not said again once it is %s, and no timer is left", async (_, giveUp) => {
    const { clock, exchange, said, open, ask } = create();
    open();
    const given = new AbortController();
    const { id, answer } = ask("publish", { n: 1 }, { isRepeatable: true, signal: given.signal });
    answer.catch(() => {});
    exchange.answer(refused(id, 500));
    giveUp(given, exchange);
    expect(clock.size).toBe(0);
    await clock.advance("1s");
    expect(said).toHaveLength(1);
  });

  test("is said again once, where there is another connection before it would be worth it", async () => {
    const { clock, exchange, said, open, ask } = create();
    open();
    const { id } = ask("publish", { n: 1 }, { isRepeatable: true });
    exchange.answer(refused(id, 500));
    exchange.lost();
    open();
    await clock.advance("1s");
    expect(said.map((each) => each.id)).toEqual([id, id]);
  });

  test("is not, while there is no connection", async () => {
    const { clock, exchange, said, open, ask } = create();
    open();
    const { id } = ask("publish", { n: 1 }, { isRepeatable: true });
    exchange.answer(refused(id, 500));
    exchange.lost();
    await clock.advance("500ms");
    expect(said).toHaveLength(1);
    open();
    expect(said).toHaveLength(2);
  });

  test("is not by a device that slept for longer than it may wait", async () => {
    const clock = new FakeClock({ startMs: 0 });
    let sleptMs = 0;
    const slept = { ...clock, after: clock.after.bind(clock), elapsed: () => clock.elapsed(), now: () => sleptMs };
    const said: string[] = [];
    const exchange = new Exchange({ clock: slept, say: (text) => void said.push(text) }, 10, 10_000, 0.25);
    exchange.opened(() => {});
    const answer = exchange.ask("publish", {}, { isRepeatable: true, timeoutMs: 240_000 });
    exchange.lost();
    sleptMs = 3_600_000;
    exchange.opened(() => {});
    expect(said).toHaveLength(1);
    const given = expect(answer).rejects.toMatchObject({ code: "connection_lost" });
    await clock.advance("240s");
    await given;
  });
});
