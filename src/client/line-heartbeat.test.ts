import { describe, expect, test } from "vitest";
import { ClientWorld } from "../../test/support/client-world.js";

async function enter(heartbeatMs: unknown = 30_000) {
  const world = new ClientWorld();
  const client = world.connect();
  const whys: string[] = [];
  client.onStatus((status, why) => whys.push(`${status} ${why?.reason ?? ""}`.trim()));
  await world.letIn({ heartbeatMs });
  whys.length = 0;
  return { world, client, whys, socket: world.socket };
}

describe("a server that is silent", () => {
  test.each([
    [30_000, 40_000],
    [0, 10_000],
    [1_000, 11_000],
    [undefined, 40_000],
    [-1, 40_000],
    ["soon", 40_000],
    [null, 40_000],
  ])("with a heartbeat of %s is taken for dead after exactly %d ms", async (heartbeatMs, patienceMs) => {
    const { world, client, whys, socket } = await enter(heartbeatMs);
    await world.clock.advance(`${patienceMs - 1}ms`);
    expect(client.status).toBe("open");
    await world.clock.advance("1ms");
    expect(whys[0]).toBe("waiting silent");
    expect(socket.closings).toHaveLength(1);
  });

  test.each([
    ["a ping", '{"type":"ping"}'],
    ["a pong", '{"type":"pong"}'],
    ["a message", '{"type":"note","payload":{"n":1}}'],
    ["an event of a channel it is not on", '{"type":"said","channel":"x","payload":{}}'],
    ["nonsense", "nonsense"],
  ])("is not: %s tells that it is there", async (_, text) => {
    const { world, client, socket } = await enter();
    for (let n = 0; n < 5; n += 1) {
      await world.clock.advance("39999ms");
      socket.saysText(text);
    }
    expect(client.status).toBe("open");
    await world.clock.advance("39999ms");
    expect(client.status).toBe("open");
    await world.clock.advance("1ms");
    expect(client.status).toBe("waiting");
  });

  test("is asked for nothing: of itself the client says nothing", async () => {
    const { world, socket } = await enter();
    await world.clock.advance("39s");
    expect(socket.types).toEqual(["connect"]);
  });
});

test("a ping is answered, also before `connected`", async () => {
  const world = new ClientWorld();
  world.connect();
  await world.settled();
  world.socket.opens();
  world.socket.says("ping");
  world.socket.says("connected", {});
  world.socket.says("ping");
  expect(world.socket.types).toEqual(["connect", "pong", "pong"]);
});

describe("when the network has changed", () => {
  test.each([true, false])("the server has 5 s to show that it is there: %s", async (isThere) => {
    const { world, client, whys, socket } = await enter();
    world.network(isThere);
    expect(socket.heardOf("ping")).toHaveLength(1);
    await world.clock.advance("4999ms");
    expect(client.status).toBe("open");
    await world.clock.advance("1ms");
    expect(whys[0]).toBe("waiting silent");
  });

  test("whatever it says within that time will do", async () => {
    const { world, client, socket } = await enter();
    world.network(true);
    await world.clock.advance("4999ms");
    socket.says("pong");
    await world.clock.advance("39999ms");
    expect(client.status).toBe("open");
    await world.clock.advance("1ms");
    expect(client.status).toBe("waiting");
  });

  test("it has no more time than it had", async () => {
    const { world, client } = await enter();
    await world.clock.advance("38s");
    world.network(true);
    await world.clock.advance("1999ms");
    expect(client.status).toBe("open");
    await world.clock.advance("1ms");
    expect(client.status).toBe("waiting");
  });

  test("asking again and again does not give it more time", async () => {
    const { world, client } = await enter();
    for (let n = 0; n < 5; n += 1) {
      world.network(n % 2 === 0);
      await world.clock.advance("1s");
    }
    expect(client.status).toBe("waiting");
  });

  test("a client that waits dials at once where it came back, and not where it went", async () => {
    const { world, client, socket } = await enter();
    socket.closes(1006);
    world.network(false);
    await world.settled();
    expect([client.status, world.dials.length]).toEqual(["waiting", 1]);
    world.network(true);
    await world.settled();
    expect([client.status, world.dials.length]).toEqual(["connecting", 2]);
    world.network(true);
    await world.settled();
    expect(world.dials).toHaveLength(2);
  });

  test("a client that has closed does not care", async () => {
    const { world, client, socket } = await enter();
    client.close();
    world.network(true);
    await world.clock.advance("1m");
    expect([client.status, world.dials.length, socket.types]).toEqual(["closed", 1, ["connect"]]);
  });
});
