import { expect, test } from "vitest";
import { RecordingListener } from "../support/recording-listener.js";
import { connect, type OpenDriver, roomy } from "./transport.js";

export function describeHandshake(open: OpenDriver): void {
  test("an upgrade tells what was asked for, and by whom", async () => {
    await using driver = await open();
    const target = "/ws/rooms/lob%20by?token=a%2Bb&x=1&x=2";
    const { upgrade } = await driver.dial({ target, headers: { "x-room": "Lobby", authorization: "Bearer T" } });
    expect(upgrade.method).toBe("GET");
    expect(upgrade.target).toBe(target);
    expect(upgrade.address).toBe("127.0.0.1");
    expect(upgrade.isSecure).toBe(false);
    expect(upgrade.isGone).toBe(false);
    expect(upgrade.header("x-room")).toBe("Lobby");
    expect(upgrade.header("authorization")).toBe("Bearer T");
    expect(upgrade.header("x-other")).toBeUndefined();
    expect(upgrade.header("upgrade")?.toLowerCase()).toBe("websocket");
    expect(upgrade.header("sec-websocket-version")).toBe("13");
    expect(upgrade.header("sec-websocket-key")).toMatch(/^[+/0-9A-Za-z]{22}==$/);
    const { rawHeaders } = upgrade;
    const index = rawHeaders.findIndex((text) => text.toLowerCase() === "x-room");
    expect(index % 2).toBe(0);
    expect(rawHeaders[index + 1]).toBe("Lobby");
    upgrade.refuse({ status: 404, headers: {}, body: "" });
  });

  test("the listener hears nothing before `accept` has returned", async () => {
    await using driver = await open();
    const { upgrade, answer } = await driver.dial();
    const heard = new RecordingListener();
    let hasReturned = false;
    const early: string[] = [];
    const socket = upgrade.accept(roomy, (given) => {
      expect(given.bufferedBytes).toBe(0);
      return {
        text: (text) => (hasReturned ? heard.text(text) : early.push("text")),
        binary: () => early.push("binary"),
        ping: () => early.push("ping"),
        pong: () => early.push("pong"),
        closing: () => early.push("closing"),
        closed: () => early.push("closed"),
      };
    });
    hasReturned = true;
    expect(socket).toBeDefined();
    const answered = await answer;
    if ("peer" in answered) answered.peer.send("hi");
    expect(await heard.next()).toEqual(["text", "hi"]);
    expect(early).toEqual([]);
  });

  test("the socket that `accept` returns is the one the listener was made for", async () => {
    await using driver = await open();
    const { upgrade } = await driver.dial();
    let given: unknown;
    const socket = upgrade.accept(roomy, (one) => {
      given = one;
      return new RecordingListener();
    });
    expect(socket).toBe(given);
  });

  test("the subprotocol that was selected is told to the peer, and none where none was", async () => {
    await using driver = await open();
    const subprotocols = ["tidings.v1", "bearer.c2VjcmV0"];
    for (const subprotocol of ["tidings.v1", undefined]) {
      const { upgrade, answer } = await driver.dial({ subprotocols: subprotocol === undefined ? [] : subprotocols });
      expect(upgrade.header("sec-websocket-protocol")?.replaceAll(" ", "")).toBe(
        subprotocol && "tidings.v1,bearer.c2VjcmV0",
      );
      upgrade.accept({ ...roomy, subprotocol }, () => new RecordingListener());
      expect(await answer).toMatchObject({ peer: { subprotocol } });
    }
  });

  test("a refusal is answered with its status, headers and body", async () => {
    await using driver = await open();
    const { upgrade, answer } = await driver.dial();
    const body = JSON.stringify({ code: "too_many_connections", message: "Zu viele — 太多" });
    const headers = { "content-type": "application/json; charset=utf-8", "retry-after": "3" };
    upgrade.refuse({ status: 429, headers, body });
    expect(await answer).toMatchObject({ refused: { status: 429, headers, body } });
  });

  test("connections are told apart", async () => {
    await using driver = await open();
    const ana = await connect(driver);
    const bob = await connect(driver);
    ana.peer.send("from ana");
    bob.peer.send("from bob");
    expect(await ana.heard.next()).toEqual(["text", "from ana"]);
    expect(await bob.heard.next()).toEqual(["text", "from bob"]);
  });
}
