import { describe, expect, test } from "vitest";
import { ClientWorld } from "../../test/support/client-world.js";
import { TidingsError } from "../protocol/tidings-error.js";
import type { ConnectOptions } from "./client.js";

function begin(token: unknown) {
  const world = new ClientWorld();
  const client = world.connect({ token } as ConnectOptions<object>); // a page may give anything
  const errors: TidingsError[] = [];
  client.on("error", (error) => errors.push(error));
  return { world, client, errors };
}

describe("a token", () => {
  test.each([
    ["a text", "a.b.c", "YS5iLmM"],
    ["a text of any letters", "ñ\u{1F600}", "w7Hwn5iA"],
    ["what needs the other alphabet", "~~~???", "fn5-Pz8_"],
    ["a function's", () => "a.b.c", "YS5iLmM"],
    ["a promise's", async () => "a.b.c", "YS5iLmM"],
  ])("is offered beside the subprotocol, and said with `connect`: %s", async (_, token, encoded) => {
    const { world } = begin(token);
    await world.settled();
    expect(world.socket.protocols).toEqual(["tidings.v1", `bearer.${encoded}`]);
    world.socket.opens();
    const said = typeof token === "function" ? "a.b.c" : token;
    expect(world.socket.heard).toEqual([{ type: "connect", payload: { token: said, since: {} } }]);
  });

  test.each([
    ["undefined", undefined],
    ["nothing that a function gives", () => undefined],
    ["null", () => null],
    ["an empty text", () => ""],
    ["undefined, later", async () => undefined],
  ])("that is %s is none", async (_, token) => {
    const { world, errors } = begin(token);
    await world.settled();
    expect(world.socket.protocols).toEqual(["tidings.v1"]);
    world.socket.opens();
    expect(world.socket.heard).toEqual([{ type: "connect", payload: { since: {} } }]);
    expect(errors).toEqual([]);
  });

  const circular: Record<string, unknown> = {};
  circular.self = circular;
  test.each([
    ["a number", 7, "7"],
    ["an object", { token: "a" }, "[object Object]"],
    ["an object that holds itself", circular, "[object Object]"],
    ["a big number", 7n, "7"],
    ["true", true, "true"],
  ])("that is %s goes as a text, and is for the server to refuse", async (_, token, said) => {
    const { world, client } = begin(() => token);
    await world.settled();
    expect(() => world.socket.opens()).not.toThrow();
    expect(world.socket.heard[0]?.payload.token).toBe(said);
    world.socket.closes(1008, "unauthorized");
    expect(client.status).toBe("closed");
  });

  test.each([
    ["an error", new Error("The store is away."), "The store is away."],
    ["no error", "away", undefined],
    ["nothing", undefined, undefined],
    ["what has no text", Object.create(null), undefined],
  ])("that could not be had, as %s was thrown, is asked for again", async (_, thrown, message) => {
    let asked = 0;
    const { world, client, errors } = begin(() => {
      asked += 1;
      if (asked === 1) throw thrown;
      return "fresh";
    });
    await world.settled();
    expect([client.status, world.dials.length]).toEqual(["waiting", 0]);
    expect(errors.map(({ code }) => code)).toEqual(["token_failed"]);
    if (message !== undefined) expect(errors[0]?.message).toBe(message);
    expect(errors[0]?.cause).toBe(thrown);
    await world.clock.advance("500ms");
    expect([asked, world.dials.length]).toEqual([2, 1]);
  });

  test("that can't be written as one is one that could not be had", async () => {
    const { world, client, errors } = begin(() => Object.create(null));
    await world.settled();
    expect([client.status, errors.map(({ code }) => code)]).toEqual(["waiting", ["token_failed"]]);
  });

  test.each(["unauthorized", "forbidden", "no_account"])("that is a refusal, %s, closes for good", async (code) => {
    const { world, client, errors } = begin(async () => Promise.reject(new TidingsError(code)));
    expect(await client.closed).toEqual({ code: 1008, reason: code });
    expect(errors.at(-1)?.code).toBe(code);
    expect(world.dials).toEqual([]);
  });

  test("whose function throws for ever is asked for ever more rarely", async () => {
    let asked = 0;
    const { world } = begin(() => {
      asked += 1;
      throw new Error("away");
    });
    await world.clock.advance("1h");
    expect(asked).toBeGreaterThan(200);
    expect(asked).toBeLessThan(260);
  });

  test("that hangs is given up when the time to come in is over, and asked for again", async () => {
    let asked = 0;
    const { world, client } = begin(() => {
      asked += 1;
      return new Promise(() => {});
    });
    await world.clock.advance("9999ms");
    expect([asked, client.status]).toEqual([1, "connecting"]);
    await world.clock.advance("1ms");
    expect(client.status).toBe("waiting");
    await world.clock.advance("500ms");
    expect(asked).toBe(2);
  });

  test("that comes after the time was over is not dialled with", async () => {
    const gives: ((token: string) => void)[] = [];
    const { world } = begin(() => new Promise((resolve) => gives.push(resolve)));
    await world.clock.advance("11s");
    gives[0]?.("old");
    await world.settled();
    expect(world.dials).toEqual([]);
    gives[1]?.("new");
    await world.settled();
    expect(world.socket.protocols[1]).toBe("bearer.bmV3");
  });

  test("is asked for before each dial, and no more after two had expired", async () => {
    let asked = 0;
    const { world, client } = begin(() => {
      asked += 1;
      return `t${asked}`;
    });
    await world.letIn();
    for (const status of ["waiting", "waiting", "closed"]) {
      if (asked === 1) world.socket.closes(1006);
      else world.socket.closes(1008, "token_expired");
      expect(client.status).toBe(status);
      client.reconnect();
      await world.settled();
      world.socket.opens();
    }
    expect(world.dials.map(({ heard }) => heard[0]?.payload.token)).toEqual(["t1", "t2", "t3"]);
    await world.clock.advance("1h");
    expect(asked).toBe(3);
  });
});

describe("before it expires", () => {
  /** One that gives `t1`, `t2`, …, and is let in for 100 s. */
  async function enter(expiresInMs: unknown = 100_000) {
    let asked = 0;
    const begun = begin(() => {
      asked += 1;
      return `t${asked}`;
    });
    await begun.world.letIn({ expiresInMs });
    return { ...begun, asked: () => asked };
  }

  test("a token is renewed when 90 % of its time is over, and again when that of the next is", async () => {
    const { world } = await enter();
    const { socket } = world;
    await world.clock.advance("30s");
    socket.says("ping");
    await world.clock.advance("30s");
    socket.says("ping");
    await world.clock.advance("29999ms");
    socket.says("ping");
    expect(socket.heardOf("auth")).toEqual([]);
    await world.clock.advance("1ms");
    expect(socket.heardOf("auth")).toEqual([{ type: "auth", payload: { token: "t2" } }]);
    socket.says("auth_success", { user: { id: "ana" }, expiresInMs: 10_000 });
    await world.clock.advance("8999ms");
    expect(socket.heardOf("auth")).toHaveLength(1);
    await world.clock.advance("1ms");
    expect(socket.heardOf("auth").at(-1)).toEqual({ type: "auth", payload: { token: "t3" } });
  });

  test.each([undefined, null, -1, "soon", Number.NaN])("one that expires in %s is not renewed", async (expiresInMs) => {
    const { world, asked } = await enter(expiresInMs);
    await world.clock.advance("35s");
    expect(asked()).toBe(1);
  });

  test("one that is a text is not renewed: there is no other", async () => {
    const { world } = begin("t1");
    await world.letIn({ expiresInMs: 10_000 });
    await world.clock.advance("20s");
    expect(world.socket.heardOf("auth")).toEqual([]);
  });

  test("one of no time at all is renewed once a second, and no more often", async () => {
    const { world, asked } = await enter(0);
    for (let n = 1; n <= 5; n += 1) {
      await world.clock.advance("999ms");
      expect(asked()).toBe(n);
      await world.clock.advance("1ms");
      world.socket.says("auth_success", { expiresInMs: 0 });
    }
    expect(asked()).toBe(6);
  });

  test("one that is confirmed again and again is renewed once", async () => {
    const { world, asked } = await enter(10_000);
    for (let n = 0; n < 5; n += 1) world.socket.says("auth_success", { expiresInMs: 10_000 });
    await world.clock.advance("9s");
    expect(asked()).toBe(2);
  });

  test("a renewal that is refused is told, and the connection stays", async () => {
    const { world, client, errors } = await enter(10_000);
    await world.clock.advance("9s");
    world.socket.says("error", { code: "unauthorized", message: "No." });
    expect(errors.map(({ code }) => code)).toEqual(["unauthorized"]);
    expect(client.status).toBe("open");
  });

  test.each([
    ["an error", new Error("away"), "token_failed"],
    ["a refusal", new TidingsError("unauthorized"), "unauthorized"],
    ["what has no text", Object.create(null), "token_failed"],
  ])("a token that fails with %s is told, and the connection stays", async (_, thrown, code) => {
    let asked = 0;
    const { world, client, errors } = begin(() => {
      asked += 1;
      if (asked > 1) throw thrown;
      return "t1";
    });
    await world.letIn({ expiresInMs: 10_000 });
    await world.clock.advance("9s");
    expect([errors.map((error) => error.code), client.status]).toEqual([[code], "open"]);
  });

  test("of a connection that was lost nothing is renewed", async () => {
    const { world, asked } = await enter(10_000);
    world.socket.closes(1006);
    await world.clock.advance("500ms");
    await world.letIn();
    await world.clock.advance("20s");
    expect(asked()).toBe(2);
  });

  test("a token that comes when the connection is lost is not said on the next", async () => {
    const gives: ((token: string) => void)[] = [];
    const { world } = begin(() => new Promise((resolve) => gives.push(resolve)));
    await world.settled();
    gives[0]?.("t1");
    await world.letIn({ expiresInMs: 10_000 });
    await world.clock.advance("9s");
    world.socket.closes(1006);
    await world.clock.advance("500ms");
    gives[2]?.("t3");
    await world.letIn();
    gives[1]?.("t2");
    await world.settled();
    expect(world.socket.types).toEqual(["connect"]);
  });
});
