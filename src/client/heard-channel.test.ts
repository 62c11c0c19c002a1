import { describe, expect, test } from "vitest";
import { ClientWorld } from "../../test/support/client-world.js";
import type { TidingsError } from "../protocol/tidings-error.js";
import { settle } from "../testing/fake-clock.js";
import type { SubscriptionStatus } from "./client.js";
import { whenLive } from "./when-live.js";

const name = "kept/a";
const params = { id: "a" };
const here = { channel: name };

async function enter() {
  const world = new ClientWorld();
  const client = world.connect();
  const gaps: unknown[] = [];
  const all: unknown[] = [];
  client.on("gap", (gap, origin) => gaps.push([gap, origin]));
  client.on("said", ({ n }, { channel, offset }) => all.push([n, channel, offset]));
  await world.letIn();
  return { world, client, gaps, all };
}

type World = Awaited<ReturnType<typeof enter>>;

/** A subscription that has been asked for, where there is a connection, and what it says. */
async function subscribe({ client }: Pick<World, "client">, options: { rewind?: number; presence?: boolean } = {}) {
  const heard: number[] = [];
  const gaps: (number | undefined)[] = [];
  const states: unknown[] = [];
  const statuses: SubscriptionStatus[] = [];
  const subscription = client.subscribe("kept/:id", params, {
    ...options,
    onGap: ({ offset }) => gaps.push(offset),
    onState: (state) => states.push(state),
  });
  subscription.onStatus((status) => statuses.push(status));
  subscription.on("said", ({ n }) => heard.push(n));
  await settle();
  return { subscription, heard, gaps, states, statuses };
}

/** The server answers the newest `subscribe`. */
function answer({ socket }: ClientWorld, payload: object = {}): void {
  socket.says("subscribed", payload, { ...here, id: socket.heardOf("subscribe").at(-1)?.id });
}

/** The connection is lost, and there is another. */
async function reconnect({ world, client }: Pick<World, "world" | "client">): Promise<void> {
  world.socket.closes(1006);
  client.reconnect();
  await world.letIn();
}

function say(world: ClientWorld, n: number, offset: number | undefined = n): void {
  world.socket.says("said", { n }, { ...here, offset });
}

const asks = (world: ClientWorld) => world.socket.heardOf("subscribe").map(({ payload }) => payload);

describe("a subscription of the page's own", () => {
  test("asks, is live when it is answered, and hears what follows", async () => {
    const { world, client, all } = await enter();
    const { subscription, heard, statuses } = await subscribe({ client });
    expect([subscription.name, subscription.status]).toEqual([name, "subscribing"]);
    expect(asks(world)).toEqual([{ channel: name, presence: false }]);
    say(world, 9);
    answer(world, { epoch: "e", offset: 3 });
    await whenLive(subscription);
    say(world, 4);
    expect([statuses, heard, all]).toEqual([["live"], [4], [[4, name, 4]]]);
  });

  test("is not live for an answer to another question", async () => {
    const { world, client } = await enter();
    const { subscription } = await subscribe({ client });
    const id = world.socket.heardOf("subscribe")[0]?.id ?? 0;
    for (const other of [id + 1, String(id), null, 0]) world.socket.says("subscribed", {}, { ...here, id: other });
    expect(subscription.status).toBe("subscribing");
  });

  test("waits for its answer as long as there is a connection", async () => {
    const { world, client } = await enter();
    const { subscription } = await subscribe({ client });
    for (let n = 0; n < 10; n += 1) {
      await world.clock.advance("30s");
      world.socket.says("ping");
    }
    answer(world);
    await whenLive(subscription);
  });

  test("asks when there is a connection, once", async () => {
    const world = new ClientWorld();
    const client = world.connect();
    await subscribe({ client });
    await subscribe({ client });
    await world.letIn();
    expect(asks(world)).toHaveLength(1);
  });

  test("waits in no queue", async () => {
    const world = new ClientWorld();
    const client = world.connect({ queue: 0 });
    const { subscription } = await subscribe({ client });
    await world.letIn();
    answer(world);
    await whenLive(subscription);
  });

  test("after a lost connection asks again from where it stood, and tells of no gap where it was recovered", async () => {
    const entered = await enter();
    const { world, gaps } = entered;
    const own = await subscribe(entered);
    answer(world, { epoch: "e", offset: 3 });
    say(world, 4);
    say(world, 7);
    await reconnect(entered);
    expect(own.statuses).toEqual(["live", "subscribing"]);
    expect(world.socket.heard[0]?.payload).toEqual({ since: {} });
    expect(asks(world)).toEqual([{ channel: name, since: { epoch: "e", offset: 7 }, presence: false }]);
    answer(world, { epoch: "e", offset: 7, recovered: true });
    say(world, 8);
    expect([own.heard, own.gaps, gaps]).toEqual([[4, 7, 8], [], []]);
  });

  test.each([
    ["a new epoch", { epoch: "f", offset: 2, recovered: false }, 2],
    ["nothing about it", { epoch: "e", offset: 9 }, 9],
    ["no history", {}, undefined],
  ])("that was not recovered, with %s, tells of exactly one gap, before what follows", async (_, payload, offset) => {
    const entered = await enter();
    const { world, gaps } = entered;
    const own = await subscribe(entered);
    answer(world, { epoch: "e", offset: 3 });
    await reconnect(entered);
    answer(world, payload);
    expect(own.gaps).toEqual([offset]);
    expect(gaps).toEqual([[offset === undefined ? {} : { offset }, here]]);
  });

  test("tells of no gap where it is there for the first time, however often that took", async () => {
    const entered = await enter();
    const own = await subscribe(entered);
    await reconnect(entered);
    await reconnect(entered);
    answer(entered.world, { epoch: "e", offset: 5 });
    await whenLive(own.subscription);
    expect([own.gaps, entered.gaps, own.statuses]).toEqual([[], [], ["live"]]);
  });

  test("passes over what it has had, in whatever way that comes again", async () => {
    const entered = await enter();
    const { world } = entered;
    const { heard } = await subscribe(entered);
    answer(world, { epoch: "e", offset: 3 });
    for (const n of [3, 4, 4, 6, 5, 2, 6, 7]) say(world, n);
    expect(heard).toEqual([4, 6, 7]);
  });

  test("hears every event of a channel without history", async () => {
    const entered = await enter();
    const { heard } = await subscribe(entered);
    answer(entered.world);
    for (const n of [1, 1, 2]) entered.world.socket.says("said", { n }, here);
    expect(heard).toEqual([1, 1, 2]);
  });

  test("a gap tells where it stands from then on", async () => {
    const entered = await enter();
    const { world, gaps } = entered;
    const own = await subscribe(entered);
    answer(world, { epoch: "e", offset: 50 });
    world.socket.says("gap", { epoch: "f", offset: 2 }, here);
    say(world, 2);
    say(world, 3);
    expect([own.gaps, gaps, own.heard]).toEqual([[2], [[{ offset: 2 }, here]], [3]]);
    await reconnect(entered);
    expect(asks(world)[0].since).toEqual({ epoch: "f", offset: 3 });
  });

  test("`rewind` is asked for the first time only", async () => {
    const entered = await enter();
    await subscribe(entered, { rewind: 5 });
    expect(asks(entered.world)).toEqual([{ channel: name, rewind: 5, presence: false }]);
    await reconnect(entered);
    expect(asks(entered.world)[0].rewind).toBe(5);
    answer(entered.world);
    await reconnect(entered);
    expect(asks(entered.world)[0]).not.toHaveProperty("rewind");
    answer(entered.world, { epoch: "e", offset: 1 });
    await reconnect(entered);
    expect(asks(entered.world)[0]).toEqual({ channel: name, since: { epoch: "e", offset: 1 }, presence: false });
  });

  test("`rewind` is what the first to want one wants, and no more once it is there", async () => {
    const world = new ClientWorld();
    const client = world.connect();
    await subscribe({ client }, { rewind: 5 });
    await subscribe({ client });
    await world.letIn();
    expect(asks(world)[0].rewind).toBe(5);
    answer(world, { epoch: "e", offset: 1 });
    await subscribe({ client }, { rewind: 7 });
    await reconnect({ world, client });
    expect(asks(world)).toEqual([{ channel: name, since: { epoch: "e", offset: 1 }, presence: false }]);
  });

  test("answers to what else was asked of the channel are no events, and change nothing", async () => {
    const entered = await enter();
    const { subscription, statuses } = await subscribe(entered);
    const replies: unknown[] = [];
    entered.client.on("reply" as never, (reply) => replies.push(reply));
    answer(entered.world);
    entered.world.socket.says("unsubscribed", {}, { ...here, id: 99 });
    entered.world.socket.says("reply", { offset: 7 }, { ...here, id: 98 });
    expect([subscription.status, statuses, replies]).toEqual(["live", ["live"], []]);
  });

  test("the state comes with the answer and after a gap, and is what it was last", async () => {
    const entered = await enter();
    const { subscription, states } = await subscribe(entered);
    expect(subscription.state).toBe(undefined);
    answer(entered.world, { epoch: "e", offset: 1, state: { sum: 1 } });
    entered.world.socket.says("gap", { epoch: "e", offset: 5, state: { sum: 5 } }, here);
    entered.world.socket.says("gap", { epoch: "e", offset: 6 }, here);
    expect([states, subscription.state]).toEqual([[{ sum: 1 }, { sum: 5 }], { sum: 5 }]);
  });
});

describe("where it may not be", () => {
  function refuse(world: ClientWorld, payload: object): void {
    world.socket.says("error", payload, { ...here, id: world.socket.heardOf("subscribe").at(-1)?.id });
  }

  test("it is lost, says why, and asks again with the next connection", async () => {
    const entered = await enter();
    const { subscription, statuses } = await subscribe(entered);
    const refused = expect(whenLive(subscription)).rejects.toMatchObject({ code: "forbidden", message: "Not you." });
    refuse(entered.world, { code: "forbidden", message: "Not you." });
    await refused;
    expect([subscription.status, subscription.error?.code, statuses]).toEqual(["lost", "forbidden", ["lost"]]);
    await reconnect(entered);
    expect([subscription.status, subscription.error]).toEqual(["subscribing", undefined]);
    answer(entered.world);
    expect(subscription.status).toBe("live");
  });

  test("a refusal is nobody else's: `error` is not told of it", async () => {
    const entered = await enter();
    const errors: TidingsError[] = [];
    entered.client.on("error", (error) => errors.push(error));
    const { subscription } = await subscribe(entered);
    refuse(entered.world, { code: "forbidden", message: "" });
    await expect(whenLive(subscription)).rejects.toMatchObject({ code: "forbidden" });
    expect(errors).toEqual([]);
  });

  test("for the moment, it asks again when it was told to", async () => {
    const entered = await enter();
    const { world } = entered;
    const { subscription } = await subscribe(entered);
    refuse(world, { code: "rate_limited", message: "", retryAfterMs: 300 });
    await world.clock.advance("299ms");
    expect([subscription.status, asks(world).length]).toEqual(["subscribing", 1]);
    await world.clock.advance("1ms");
    expect(asks(world)).toHaveLength(2);
    answer(world);
    await whenLive(subscription);
  });

  test("for the moment, and nobody wants it any more when the moment is over: it does not ask", async () => {
    const entered = await enter();
    const { world } = entered;
    const { subscription } = await subscribe(entered);
    refuse(world, { code: "unavailable", message: "", retryAfterMs: 300 });
    await world.settled();
    await subscription.unsubscribe();
    await world.clock.advance("1s");
    expect([asks(world).length, world.socket.heardOf("unsubscribe")]).toEqual([1, []]);
  });

  test.each(["closed", "unsubscribed, and closed"])(
    "for the moment, and the client is %s before it is over: no timer is left",
    async (how) => {
      const entered = await enter();
      const { world } = entered;
      const { subscription } = await subscribe(entered);
      refuse(world, { code: "unavailable", message: "", retryAfterMs: 60_000 });
      await world.settled();
      if (how !== "closed") await subscription.unsubscribe();
      entered.client.close();
      expect(world.clock.size).toBe(0);
    },
  );

  test("for the moment, and the connection is another when the moment is over: it asks once", async () => {
    const entered = await enter();
    const { world } = entered;
    await subscribe(entered);
    refuse(world, { code: "unavailable", message: "", retryAfterMs: 300 });
    await world.settled();
    await reconnect(entered);
    await world.clock.advance("1s");
    expect(asks(world)).toHaveLength(1);
  });

  test("where the server takes it off it is lost, and comes back as for the first time", async () => {
    const entered = await enter();
    const { world } = entered;
    const { subscription, heard, gaps } = await subscribe(entered);
    answer(world, { epoch: "e", offset: 3 });
    world.socket.says("unsubscribed", { code: "forbidden" }, here);
    expect([subscription.status, subscription.error?.code]).toEqual(["lost", "forbidden"]);
    say(world, 4);
    await reconnect(entered);
    expect(asks(world)).toEqual([{ channel: name, presence: false }]);
    answer(world, { epoch: "e", offset: 9 });
    say(world, 10);
    expect([heard, gaps]).toEqual([[10], []]);
  });

  test.each([undefined, null, {}, { code: 5 }])("it is lost also where the server says of why %j", async (payload) => {
    const entered = await enter();
    const { subscription } = await subscribe(entered);
    answer(entered.world);
    entered.world.socket.says("unsubscribed", payload, here);
    expect(subscription.status).toBe("lost");
  });

  test("when the client has closed all are lost, those that are new too", async () => {
    const entered = await enter();
    const before = (await subscribe(entered)).subscription;
    entered.client.close();
    const after = [(await subscribe(entered)).subscription, entered.client.subscribe("plain/:id", { id: "b" })];
    for (const subscription of [before, ...after]) {
      expect(subscription.status).toBe("lost");
      await expect(whenLive(subscription)).rejects.toMatchObject({ code: "connection_lost" });
    }
  });
});

describe("a channel that the server has put it on", () => {
  const joined = (world: ClientWorld, payload: object) => world.socket.says("subscribed", payload, here);

  test("is heard without a subscription, and a subscription attaches to it", async () => {
    const entered = await enter();
    const { world, all } = entered;
    joined(world, { epoch: "e", offset: 1, state: { sum: 1 } });
    say(world, 2);
    const { subscription, heard } = await subscribe(entered);
    await whenLive(subscription);
    expect([asks(world), subscription.state]).toEqual([[], { sum: 1 }]);
    say(world, 3);
    expect([heard, all.length]).toEqual([[3], 2]);
  });

  test("is told of as `connect` is said again, and not asked for", async () => {
    const entered = await enter();
    const { world, gaps } = entered;
    joined(world, { epoch: "e", offset: 1 });
    say(world, 2);
    await reconnect(entered);
    expect(world.socket.heard[0]?.payload).toEqual({ since: { [name]: { epoch: "e", offset: 2 } } });
    expect(asks(world)).toEqual([]);
    joined(world, { epoch: "e", offset: 2, recovered: true });
    say(world, 3);
    expect([gaps, entered.all]).toEqual([[], [2, 3].map((n) => [n, name, n])]);
  });

  test("and is not recovered has one gap", async () => {
    const entered = await enter();
    joined(entered.world, { epoch: "e", offset: 1 });
    await reconnect(entered);
    joined(entered.world, { epoch: "f", offset: 0, recovered: false });
    expect(entered.gaps).toEqual([[{ offset: 0 }, here]]);
  });

  test("is not told of where it has no history", async () => {
    const entered = await enter();
    joined(entered.world, {});
    await reconnect(entered);
    expect(entered.world.socket.heard[0]?.payload).toEqual({ since: {} });
  });

  test("is told of, however many connections ended before it was put there again", async () => {
    const entered = await enter();
    joined(entered.world, { epoch: "e", offset: 1 });
    for (let n = 0; n < 4; n += 1) {
      await reconnect(entered);
      const [connect] = entered.world.socket.heard;
      expect(connect?.payload).toEqual({ since: { [name]: { epoch: "e", offset: 1 } } });
    }
    joined(entered.world, { epoch: "e", offset: 9, recovered: false });
    expect(entered.gaps).toHaveLength(1);
  });

  test("is told of as long as the server puts it on no others", async () => {
    const entered = await enter();
    joined(entered.world, { epoch: "e", offset: 1 });
    await reconnect(entered);
    entered.world.socket.says("subscribed", { epoch: "o", offset: 3 }, { channel: "kept/other" });
    await reconnect(entered);
    const [connect] = entered.world.socket.heard;
    expect(connect?.payload).toEqual({ since: { "kept/other": { epoch: "o", offset: 3 } } });
  });

  test("is not asked who is there any more, when nobody looks", async () => {
    const entered = await enter();
    joined(entered.world, { epoch: "e", offset: 1 });
    const { subscription } = await subscribe(entered, { presence: true });
    await subscription.unsubscribe();
    await reconnect(entered);
    joined(entered.world, { epoch: "e", offset: 1, recovered: true });
    expect(entered.world.socket.heardOf("presence")).toEqual([]);
  });

  test("with a subscription of its own: it asks too, and the refusal that it is there already is none", async () => {
    const entered = await enter();
    const { world } = entered;
    joined(world, { epoch: "e", offset: 1 });
    const own = await subscribe(entered);
    await reconnect(entered);
    joined(world, { epoch: "e", offset: 1, recovered: true });
    world.socket.says(
      "error",
      { code: "already_subscribed", message: "" },
      { ...here, id: asks(world).length && world.socket.heardOf("subscribe")[0]?.id },
    );
    await world.settled();
    expect([own.subscription.status, own.gaps, entered.gaps]).toEqual(["live", [], []]);
    await own.subscription.unsubscribe();
    expect(world.socket.heardOf("unsubscribe")).toEqual([]);
    say(world, 2);
    expect(entered.all).toEqual([[2, name, 2]]);
  });

  test("and the refusal comes first: it waits for the server to say so", async () => {
    const entered = await enter();
    const { world } = entered;
    const { subscription } = await subscribe(entered);
    const id = world.socket.heardOf("subscribe")[0]?.id;
    world.socket.says("error", { code: "already_subscribed", message: "" }, { ...here, id });
    await world.settled();
    expect(subscription.status).toBe("subscribing");
    joined(world, {});
    expect(subscription.status).toBe("live");
  });

  test("is lost where the server takes it off, and live again where that puts it back", async () => {
    const entered = await enter();
    const { world } = entered;
    joined(world, { epoch: "e", offset: 1 });
    const { subscription, gaps } = await subscribe(entered);
    world.socket.says("unsubscribed", { code: "left" }, here);
    expect([subscription.status, subscription.error?.code]).toEqual(["lost", "left"]);
    joined(world, { epoch: "e", offset: 7 });
    expect([subscription.status, subscription.error, gaps]).toEqual(["live", undefined, []]);
  });

  test("and nobody subscribed to is known no more when the server takes it off", async () => {
    const entered = await enter();
    joined(entered.world, { epoch: "e", offset: 1 });
    entered.world.socket.says("unsubscribed", { code: "left" }, here);
    say(entered.world, 2);
    await reconnect(entered);
    expect([entered.all, entered.world.socket.heard[0]?.payload]).toEqual([[], { since: {} }]);
  });

  test("and that has taken it off is asked for it as for the first time", async () => {
    const entered = await enter();
    joined(entered.world, { epoch: "e", offset: 1 });
    entered.world.socket.says("unsubscribed", { code: "left" }, here);
    const { subscription } = await subscribe(entered);
    expect(subscription.status).toBe("subscribing");
    answer(entered.world);
    await whenLive(subscription);
  });
});

describe("two subscriptions to one channel", () => {
  test("are one to the server, hear the same, and it ends with the last", async () => {
    const entered = await enter();
    const { world } = entered;
    const [first, second] = [await subscribe(entered), await subscribe(entered)];
    expect(asks(world)).toHaveLength(1);
    answer(world, { epoch: "e", offset: 0 });
    await Promise.all([whenLive(first.subscription), whenLive(second.subscription)]);
    say(world, 1);
    await first.subscription.unsubscribe();
    await first.subscription.unsubscribe();
    expect(world.socket.heardOf("unsubscribe")).toEqual([]);
    say(world, 2);
    expect([first.heard, second.heard]).toEqual([[1], [1, 2]]);
    second.subscription[Symbol.dispose]();
    await world.settled();
    expect(world.socket.heardOf("unsubscribe").map(({ payload }) => payload)).toEqual([{ channel: name }]);
    say(world, 3);
    expect(second.heard).toEqual([1, 2]);
  });

  test("one gap is told to each, and to the client once", async () => {
    const entered = await enter();
    const [first, second] = [await subscribe(entered), await subscribe(entered)];
    answer(entered.world, { epoch: "e", offset: 0 });
    await reconnect(entered);
    answer(entered.world, { epoch: "f", offset: 4, recovered: false });
    expect([first.gaps, second.gaps, entered.gaps.length]).toEqual([[4], [4], 1]);
  });
});

describe("unsubscribing", () => {
  test("resolves when the server has said so, and what comes until then is not heard", async () => {
    const entered = await enter();
    const { world } = entered;
    const { subscription, heard, statuses } = await subscribe(entered);
    answer(world, { epoch: "e", offset: 0 });
    let isOver = false;
    const over = subscription.unsubscribe().then(() => {
      isOver = true;
    });
    await world.settled();
    say(world, 1);
    expect(isOver).toBe(false);
    world.socket.says("unsubscribed", undefined, { ...here, id: world.socket.heardOf("unsubscribe")[0]?.id });
    await over;
    expect([heard, entered.all, statuses]).toEqual([[], [], ["live"]]);
  });

  test.each([
    [
      "it is refused",
      (world: ClientWorld) => world.socket.says("error", { code: "forbidden", message: "" }, { id: 2 }),
    ],
    ["the connection is lost", (world: ClientWorld) => world.socket.closes(1006)],
    ["no answer comes", (world: ClientWorld) => world.clock.advance("10s")],
  ])("resolves also where %s", async (_, end) => {
    const entered = await enter();
    const { subscription } = await subscribe(entered);
    answer(entered.world);
    const over = subscription.unsubscribe();
    await entered.world.settled();
    await end(entered.world);
    await over;
  });

  test("before it was answered says so too", async () => {
    const entered = await enter();
    const { world } = entered;
    const { subscription } = await subscribe(entered);
    await world.settled();
    void subscription.unsubscribe();
    await world.settled();
    expect(world.socket.types).toEqual(["connect", "subscribe", "unsubscribe"]);
    answer(world, { epoch: "e", offset: 0 });
    say(world, 1);
    expect(entered.all).toEqual([]);
  });

  test("and subscribing again in one go is nothing to the server, and nothing is lost by it", async () => {
    const entered = await enter();
    const { world } = entered;
    const { subscription } = await subscribe(entered);
    answer(world, { epoch: "e", offset: 0 });
    say(world, 1);
    void subscription.unsubscribe();
    const again = await subscribe(entered);
    await world.settled();
    say(world, 2);
    expect(world.socket.types).toEqual(["connect", "subscribe"]);
    expect([again.subscription.status, again.gaps]).toEqual(["live", []]);
  });

  test("without a connection says nothing, and it does not ask again", async () => {
    const entered = await enter();
    const { world } = entered;
    const { subscription } = await subscribe(entered);
    answer(world, { epoch: "e", offset: 0 });
    world.socket.closes(1006);
    await subscription.unsubscribe();
    entered.client.reconnect();
    await world.letIn();
    expect(world.socket.types).toEqual(["connect"]);
  });

  test("and subscribing before that was answered begins anew, and hears nothing of what was before", async () => {
    const entered = await enter();
    const { world } = entered;
    const first = await subscribe(entered);
    answer(world, { epoch: "e", offset: 0 });
    void first.subscription.unsubscribe();
    await world.settled();
    const second = await subscribe(entered);
    expect(world.socket.types).toEqual(["connect", "subscribe", "unsubscribe", "subscribe"]);
    expect(asks(world)[1]).toEqual({ channel: name, presence: false });
    say(world, 1);
    world.socket.says("unsubscribed", undefined, { ...here, id: world.socket.heardOf("unsubscribe")[0]?.id });
    answer(world, { epoch: "e", offset: 1 });
    say(world, 2);
    expect([first.heard, second.heard, second.gaps, second.subscription.status]).toEqual([[], [2], [], "live"]);
  });

  test("twice does not end another of the same name", async () => {
    const entered = await enter();
    const { world } = entered;
    const first = await subscribe(entered);
    answer(world, { epoch: "e", offset: 0 });
    void first.subscription.unsubscribe();
    await world.settled();
    const second = await subscribe(entered);
    first.subscription[Symbol.dispose]();
    await world.settled();
    answer(world, { epoch: "e", offset: 0 });
    say(world, 1);
    expect([second.subscription.status, second.heard]).toEqual(["live", [1]]);
    expect(world.socket.heardOf("unsubscribe")).toHaveLength(1);
  });

  test("a listener by itself keeps the others", async () => {
    const entered = await enter();
    const { subscription, heard } = await subscribe(entered);
    const other: number[] = [];
    const stop = subscription.on("said", ({ n }) => other.push(n));
    answer(entered.world, { epoch: "e", offset: 0 });
    say(entered.world, 1);
    stop();
    say(entered.world, 2);
    expect([heard, other]).toEqual([[1, 2], [1]]);
  });

  test("as it hears an event, it hears no more of them", async () => {
    const entered = await enter();
    const { subscription } = await subscribe(entered);
    const heard: number[] = [];
    subscription.on("said", ({ n }) => {
      heard.push(n);
      void subscription.unsubscribe();
    });
    answer(entered.world, { epoch: "e", offset: 0 });
    say(entered.world, 1);
    say(entered.world, 2);
    expect(heard).toEqual([1]);
  });
});

describe("who is there", () => {
  const ana = { id: "ana" };
  const bob = { id: "bob" };

  async function watch(presence = true) {
    const entered = await enter();
    const { subscription } = await subscribe(entered, { presence });
    const changes: string[] = [];
    const look = () =>
      subscription.presence.on("change", (members, count) =>
        changes.push(`${members.map(({ id }) => id).join(" ")} ${count}`),
      );
    const tell = (payload: object, more: object = {}) =>
      entered.world.socket.says("presence", payload, { ...here, ...more });
    return { ...entered, subscription, changes, look, tell };
  }

  test("is asked for with the subscription, comes with its answer, and follows the changes", async () => {
    const { world, subscription, changes, look, tell } = await watch();
    look();
    expect(asks(world)).toEqual([{ channel: name, presence: true }]);
    answer(world, { members: [ana] });
    tell({ joined: [bob] });
    tell({ left: [ana] });
    tell({ joined: [ana], left: [ana] });
    tell({ members: [ana] });
    expect(changes).toEqual(["ana 1", "ana bob 2", "bob 1", "bob ana 2", "ana 1"]);
    expect([subscription.presence.members, subscription.presence.count]).toEqual([[ana], 1]);
  });

  test("of very many is only how many they are", async () => {
    const { world, subscription, changes, look } = await watch();
    look();
    answer(world, { count: 5_000 });
    expect([changes, subscription.presence.members]).toEqual([[" 5000"], []]);
  });

  test("is asked for with the first that listens, once, and its answer stands in its place among the changes", async () => {
    const { world, subscription, changes, look, tell } = await watch(false);
    answer(world, {});
    look();
    look();
    const questions = world.socket.heardOf("presence");
    expect(questions.map(({ payload }) => payload)).toEqual([{ channel: name, watch: true }]);
    tell({ joined: [bob] });
    world.socket.says("reply", { members: [ana, bob], count: 2 }, { ...here, id: questions[0]?.id });
    tell({ joined: [{ id: "cem" }] });
    expect(subscription.presence.members.map(({ id }) => id)).toEqual(["ana", "bob", "cem"]);
    expect(changes.filter((_, index) => index % 2 === 0)).toEqual(["bob 1", "ana bob 2", "ana bob cem 3"]);
  });

  test("is asked for where somebody listened before the answer came", async () => {
    const { world, look } = await watch(false);
    look();
    answer(world, {});
    expect(world.socket.heardOf("presence")).toHaveLength(1);
  });

  test("is asked for again after a lost connection, and is what is said then", async () => {
    const entered = await watch();
    answer(entered.world, { members: [ana, bob] });
    await reconnect(entered);
    expect(asks(entered.world)).toEqual([{ channel: name, presence: true }]);
    answer(entered.world, { members: [bob] });
    expect(entered.subscription.presence.members).toEqual([bob]);
  });

  test("of a channel that the server has put it on is asked for by itself, each time", async () => {
    const entered = await enter();
    entered.world.socket.says("subscribed", {}, here);
    entered.world.socket.says("presence", { joined: [ana] }, here);
    await subscribe(entered, { presence: true });
    expect(entered.world.socket.heardOf("presence")).toHaveLength(1);
    await reconnect(entered);
    entered.world.socket.says("subscribed", {}, here);
    expect(entered.world.socket.heardOf("presence")).toHaveLength(1);
  });

  test("of an answer that is refused stays as it was", async () => {
    const { world, subscription, look } = await watch(false);
    answer(world, {});
    look();
    const id = world.socket.heardOf("presence")[0]?.id;
    world.socket.says("error", { code: "forbidden", message: "" }, { ...here, id });
    await world.settled();
    expect([subscription.status, subscription.presence.count]).toEqual(["live", 0]);
  });

  test("is known to a second subscription at once", async () => {
    const entered = await watch();
    answer(entered.world, { members: [ana] });
    const second = await subscribe(entered, { presence: true });
    expect(second.subscription.presence.members).toEqual([ana]);
    expect(entered.world.socket.heardOf("presence")).toEqual([]);
  });
});

describe("publishing", () => {
  test("names the channel, the event and a key, and resolves with its place", async () => {
    const { world, client } = await enter();
    const { subscription } = await subscribe({ client });
    const published = subscription.publish("said", { n: 1 });
    const [question] = world.socket.heardOf("publish");
    expect(question?.payload).toEqual({
      channel: name,
      type: "said",
      payload: { n: 1 },
      key: expect.stringMatching(/^.{1,64}$/),
    });
    world.socket.says("reply", { offset: 7 }, { ...here, id: question?.id });
    expect(await published).toEqual({ offset: 7 });
  });

  test("has a key that no other publish has", async () => {
    const { world, client } = await enter();
    const { subscription } = await subscribe({ client });
    for (let n = 0; n < 20; n += 1) subscription.publish("said", { n }).catch(() => {});
    const keys = world.socket.heardOf("publish").map(({ payload }) => payload.key);
    expect(new Set(keys).size).toBe(20);
  });

  test("of which the answer was lost is said again as it was, and resolves with the answer that comes", async () => {
    const entered = await enter();
    const { world } = entered;
    const { subscription } = await subscribe(entered);
    const published = subscription.publish("said", { n: 1 });
    const [first] = world.socket.heardOf("publish");
    await reconnect(entered);
    expect(world.socket.types).toEqual(["connect", "subscribe", "publish"]);
    expect(world.socket.heardOf("publish")).toEqual([first]);
    world.socket.says("reply", {}, { ...here, id: first?.id });
    expect(await published).toEqual({ offset: undefined });
  });

  test("is given up after 4 minutes, or the time that was given, or by its signal", async () => {
    const { world, client } = await enter();
    const { subscription } = await subscribe({ client });
    const abort = new AbortController();
    const codes: string[] = [];
    for (const options of [undefined, { timeout: "1s" }, { signal: abort.signal }] as const) {
      subscription.publish("said", { n: 1 }, options).catch((error) => codes.push(error.code ?? error));
    }
    abort.abort("by hand");
    await world.settled();
    world.socket.closes(1006);
    await world.clock.advance("239999ms");
    expect(codes).toEqual(["by hand", "connection_lost"]);
    await world.clock.advance("1ms");
    expect(codes).toEqual(["by hand", "connection_lost", "connection_lost"]);
  });

  test("that is refused rejects, and is not said again", async () => {
    const entered = await enter();
    const { subscription } = await subscribe(entered);
    const published = subscription.publish("said", { n: 1 });
    const id = entered.world.socket.heardOf("publish")[0]?.id;
    entered.world.socket.says("error", { code: "forbidden", message: "" }, { ...here, id });
    await expect(published).rejects.toMatchObject({ code: "forbidden" });
    await reconnect(entered);
    expect(entered.world.socket.heardOf("publish")).toEqual([]);
  });

  test.each([{ timeout: "soon" as never }, { timeout: "-1s" as never }])("with %j rejects", async (options) => {
    const { client } = await enter();
    await expect((await subscribe({ client })).subscription.publish("said", { n: 1 }, options)).rejects.toThrow(
      TypeError,
    );
  });
});

test("what is kept is asked for, within a range, oldest first", async () => {
  const { world, client } = await enter();
  const { subscription } = await subscribe({ client });
  const history = subscription.history({ limit: 2, before: 9 });
  const [question] = world.socket.heardOf("history");
  expect(question?.payload).toEqual({ channel: name, limit: 2, before: 9 });
  const events = [{ type: "said", offset: 7, payload: { n: 7 } }];
  world.socket.says("reply", { epoch: "e", events }, { ...here, id: question?.id });
  expect(await history).toEqual(events);
});
