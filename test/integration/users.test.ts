import { channel, endpoint } from "tidings";
import { jwt } from "tidings/auth";
import { expect, test } from "vitest";
import { z } from "zod";
import { Inbox } from "../support/inbox.js";
import { serve } from "../support/served-app.js";
import { secret, signToken } from "../support/tokens.js";
import { dial, dialTidings } from "../support/ws-client.js";

const inbox = channel("inbox/:user", { events: { notice: z.object({ text: z.string() }) } });

function createDevices(left = new Inbox<string>("who left")) {
  return endpoint("/ws/devices", {
    auth: jwt({ secret }),
    channels: [inbox],
    open: ({ connection, user }) => connection.join(inbox({ user: user.id })),
    close: ({ user }) => left.put(user.id),
  });
}

function tokenOf(user: string) {
  return { token: signToken({ sub: user }) };
}

test("P6: what is sent to a user reaches all of their devices, and nobody else", async () => {
  await using server = await serve({ endpoints: [createDevices()] });
  const phone = await dial(`${server.url}/ws/devices`, tokenOf("ana"));
  const laptop = await dial(`${server.url}/ws/devices`, tokenOf("ana"));
  const other = await dial(`${server.url}/ws/devices`, tokenOf("bob"));
  await Promise.all([phone, laptop, other].map((each) => each.takeAll()));
  await server.app.publish(inbox({ user: "ana" }), "notice", { text: "hi" });
  const notice = { type: "notice", channel: "inbox/ana", payload: { text: "hi" } };
  expect(await phone.takeAll()).toEqual([notice]);
  expect(await laptop.takeAll()).toEqual([notice]);
  expect(await other.takeAll()).toEqual([]);
});

test("P6: a user is connected while one device is, and dead devices are removed at once", async () => {
  const left = new Inbox<string>("who left");
  await using server = await serve({ endpoints: [createDevices(left)] });
  const { app } = server;
  expect(await app.isConnected("ana")).toBe(false);
  const phone = await dial(`${server.url}/ws/devices`, tokenOf("ana"));
  const laptop = await dial(`${server.url}/ws/devices`, tokenOf("ana"));
  await Promise.all([phone, laptop].map((each) => each.takeAll()));
  expect(await app.isConnected("ana")).toBe(true);
  expect(app.stats()).toMatchObject({ users: 1, connections: 2 });

  phone.terminate();
  await left.next();
  expect(await app.isConnected("ana")).toBe(true);
  expect(app.stats()).toMatchObject({ users: 1, connections: 1, channels: 1 });
  await app.publish(inbox({ user: "ana" }), "notice", { text: "still there" });
  expect((await laptop.next()).payload).toEqual({ text: "still there" });

  laptop.close();
  await left.next();
  expect(await app.isConnected("ana")).toBe(false);
  expect(app.stats()).toMatchObject({ users: 0, connections: 0, channels: 0 });
});

test("P6: in `close` the user's last device counts no more", async () => {
  const seen = new Inbox<boolean>("is connected");
  const devices = endpoint("/ws/devices", {
    auth: jwt({ secret }),
    open: async ({ app, user }) => seen.put(await app.isConnected(user.id)),
    close: async ({ app, user }) => seen.put(await app.isConnected(user.id)),
  });
  await using server = await serve({ endpoints: [devices] });
  const phone = await dial(`${server.url}/ws/devices`, tokenOf("ana"));
  expect(await seen.next()).toBe(true);
  phone.terminate();
  expect(await seen.next()).toBe(false);
});

test("P6: `disconnectUser` closes all devices of the user, and nobody else's", async () => {
  const left = new Inbox<string>("who left");
  await using server = await serve({ endpoints: [createDevices(left)] });
  const phone = await dial(`${server.url}/ws/devices`, tokenOf("ana"));
  const laptop = await dialTidings(`${server.url}/ws/devices`, tokenOf("ana"));
  const other = await dial(`${server.url}/ws/devices`, tokenOf("bob"));
  await Promise.all([phone, laptop, other].map((each) => each.takeAll()));
  await server.app.disconnectUser("ana");
  expect(await phone.closed).toEqual({ code: 1008, reason: "forbidden" });
  expect(await laptop.closed).toEqual({ code: 1008, reason: "forbidden" });
  expect([await left.next(), await left.next()]).toEqual(["ana", "ana"]);
  expect(await server.app.isConnected("ana")).toBe(false);
  expect(await server.app.isConnected("bob")).toBe(true);
  expect(await other.takeAll()).toEqual([]);
  const again = await dial(`${server.url}/ws/devices`, tokenOf("ana"));
  expect(await again.takeAll()).toEqual([]);
});

test("P6: `disconnectUser` takes a code and a reason, and minds no unknown user", async () => {
  await using server = await serve({ endpoints: [createDevices()] });
  const phone = await dial(`${server.url}/ws/devices`, tokenOf("ana"));
  await phone.takeAll();
  await server.app.disconnectUser("nobody");
  await server.app.disconnectUser("ana", { code: 4010, reason: "signed_out" });
  expect(await phone.closed).toEqual({ code: 4010, reason: "signed_out" });
});

test("P6: a code that a server may not send is refused before anybody is disconnected", async () => {
  await using server = await serve({ endpoints: [createDevices()] });
  const phone = await dial(`${server.url}/ws/devices`, tokenOf("ana"));
  await phone.takeAll();
  await expect(server.app.disconnectUser("ana", { code: 1006 })).rejects.toThrow(RangeError);
  await expect(server.app.disconnectUser("nobody", { code: 1006 })).rejects.toThrow(RangeError);
  expect(await phone.takeAll()).toEqual([]);
});

test("P6: what is said before a user is disconnected still arrives", async () => {
  await using server = await serve({ endpoints: [createDevices()] });
  const phone = await dial(`${server.url}/ws/devices`, tokenOf("ana"));
  await phone.takeAll();
  server.app.publish(inbox({ user: "ana" }), "notice", { text: "goodbye" });
  await server.app.disconnectUser("ana");
  expect((await phone.next()).payload).toEqual({ text: "goodbye" });
  expect(await phone.closed).toEqual({ code: 1008, reason: "forbidden" });
});

test("P6: user names that a prototype has are names like any other", async () => {
  await using server = await serve({ endpoints: [createDevices()] });
  for (const name of ["__proto__", "constructor", "toString"]) {
    expect(await server.app.isConnected(name)).toBe(false);
    const phone = await dial(`${server.url}/ws/devices`, tokenOf(name));
    await phone.takeAll();
    expect(await server.app.isConnected(name)).toBe(true);
    await server.app.publish(inbox({ user: name }), "notice", { text: name });
    expect((await phone.next()).channel).toBe(`inbox/${name}`);
  }
});
