import { expect, test } from "vitest";
import { readAddress } from "../talk/address.js";
import { type Address, findTarget as find, type Target } from "./target.js";

const findTarget = (
  text: string,
  ...more: [string | undefined, ((name: string) => Promise<readonly Address[]>)?]
): Promise<Target> => find(readAddress(text, {}), ...more);

const at = (...addresses: readonly string[]) => {
  const found: readonly Address[] = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
  return () => Promise.resolve(found);
};

test.each([
  ["ws://127.0.0.1:8000/ws", "ws://127.0.0.1:8000/ws", "127.0.0.1"],
  ["http://127.9.9.9/", "ws://127.9.9.9/", "127.9.9.9"],
  ["https://[::1]:8443/ws", "wss://[::1]:8443/ws", "::1"],
  ["ws://[::ffff:127.0.0.1]/", "ws://[::ffff:7f00:1]/", "::ffff:7f00:1"],
  ["ws://2130706433/", "ws://127.0.0.1/", "127.0.0.1"],
  ["ws://0.0.0.0:8000/", "ws://0.0.0.0:8000/", "127.0.0.1"],
  ["ws://[::]:8000/", "ws://[::]:8000/", "::1"],
  ["127.0.0.1:8000/ws", "ws://127.0.0.1:8000/ws", "127.0.0.1"],
])("%s is this computer", async (text, shown, address) => {
  expect(await findTarget(text, undefined)).toMatchObject({ shown, addresses: [{ address }] });
});

test.each(["ws://192.0.2.1/", "ws://[2001:db8::1]/", "ws://10.0.0.7:8000/ws", "ws://[::ffff:192.0.2.1]/"])(
  "%s is not, and is refused",
  async (text) => {
    await expect(findTarget(text, undefined)).rejects.toMatchObject({ code: "not_this_computer" });
  },
);

test("a name is what it leads to", async () => {
  const found = await findTarget("ws://dev.example/ws", undefined, at("127.0.0.1", "::1"));
  expect(found.addresses.map(({ address }) => address)).toEqual(["127.0.0.1", "::1"]);
  await expect(findTarget("ws://localhost/", undefined, at("192.0.2.1"))).rejects.toMatchObject({
    code: "not_this_computer",
    message: expect.stringContaining("localhost leads to 192.0.2.1"),
  });
});

test("of a name that leads elsewhere too, only the addresses of this computer are dialled", async () => {
  const { addresses } = await findTarget("ws://dev.example/", undefined, at("192.0.2.1", "127.0.0.1"));
  expect(addresses).toEqual([{ address: "127.0.0.1", family: 4 }]);
});

test("another computer is loaded where its name is said twice", async () => {
  const { addresses } = await findTarget("wss://Staging.example/", "staging.EXAMPLE", at("192.0.2.1"));
  expect(addresses).toEqual([{ address: "192.0.2.1", family: 4 }]);
  expect(await findTarget("ws://[2001:db8::1]/", "2001:db8::1")).toMatchObject({ shown: "ws://[2001:db8::1]/" });
  await expect(findTarget("wss://production.example/", "staging.example", at("192.0.2.1"))).rejects.toMatchObject({
    code: "not_this_computer",
    message: expect.stringContaining('--host-is-mine names "staging.example", and the URL production.example'),
  });
});

test("connections go to the address that was looked at, whatever the name leads to by then", async () => {
  const asked: string[] = [];
  const { lookup } = await findTarget("ws://dev.example/", undefined, (name) => {
    asked.push(name);
    return at("127.0.0.1")();
  });
  const one = new Promise((resolve) => lookup("dev.example", {}, (_error, address) => resolve(address)));
  const all = new Promise((resolve) => lookup("dev.example", { all: true }, (_error, addresses) => resolve(addresses)));
  expect([await one, await all]).toEqual(["127.0.0.1", [{ address: "127.0.0.1", family: 4 }]]);
  expect(asked).toEqual(["dev.example"]);
});

test("nobody is shown what a query or a user's name gives away", async () => {
  const { shown } = await findTarget("ws://ana:secret@127.0.0.1:8000/ws?token=secret", undefined);
  expect(shown).toBe("ws://127.0.0.1:8000/ws");
});

test("a name that leads nowhere is told", async () => {
  const nowhere = () => Promise.reject(new Error("ENOTFOUND"));
  await expect(findTarget("ws://nowhere.example/", undefined, nowhere)).rejects.toMatchObject({ code: "unknown_host" });
});
