import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { connect } from "../../src/client/node.js";
import type { feed } from "../integration/programs/dev-feed.js";
import { follow } from "../support/client-events.js";
import { DevProject, type DevRun } from "../support/dev-project.js";

const feedModule = new URL("../integration/programs/dev-feed.ts", import.meta.url).pathname;
const appOf = (version: string) =>
  `import { createFeed } from "${feedModule}";\nexport const app = createFeed("${version}");\n`;

/** A client, what happened to it, and what it has heard and missed of the news. */
async function enter(url: string) {
  const client = connect<typeof feed>(`${url}/ws`);
  const gaps: unknown[] = [];
  const heard: number[] = [];
  const subscription = client.subscribe("news", { onGap: (gap) => gaps.push(gap) });
  subscription.on("item", ({ n }) => heard.push(n));
  await client.request("version");
  return { client, subscription, gaps, heard, ...follow(client) };
}

async function listening(dev: DevRun): Promise<string> {
  return String((await dev.until("listening")).url);
}

test("what can't be loaded takes nothing away, and is tried again when what it lacked is there", async () => {
  using project = new DevProject({ "app.ts": appOf("1") });
  await using dev = project.dev(["app.ts", "--port", "0"]);
  const { client, statuses } = await enter(await listening(dev));
  project.write("app.ts", "export const app = oops oops;");
  expect(await dev.until("module_failed")).toMatchObject({ error: { message: expect.stringContaining("oops") } });
  expect(await dev.until("not_loaded")).toMatchObject({ isServing: true });
  project.write(
    "app.ts",
    appOf("2").replace("createFeed(", "createFeed(prefix + ").concat('import { prefix } from "./prefix.js";'),
  );
  await dev.until("not_loaded");
  expect(await client.request("version")).toBe("1");
  expect(statuses.unread).toEqual([]);
  project.write("prefix.ts", 'export const prefix = "new ";');
  await dev.until("reloaded");
  await statuses.next((status) => status === "open");
  expect(await client.request("version")).toBe("new 2");
  // A file that it imports is as good as itself, and a setting is too.
  project.write("prefix.ts", "export const prefix = process.env.PREFIX + ' ';");
  expect(await dev.until("reloaded")).toMatchObject({ changed: ["prefix.ts"] });
  project.write(".env", "PREFIX=set");
  expect(await dev.until("reloaded")).toMatchObject({ changed: [".env"] });
  expect(await client.request("version")).toBe("set 2");
  client.close();
});

test("an app that threw where nobody catches it is started again by a change, and nobody misses anything", async () => {
  using project = new DevProject({ "app.ts": appOf("1") });
  await using dev = project.dev(["app.ts", "--port", "0"]);
  const url = await listening(dev);
  const { client, subscription, gaps, heard } = await enter(url);
  await subscription.publish("item", { n: 1 });
  client.send("crash");
  expect(await dev.until("module_failed")).toMatchObject({ error: { message: "a bug of the user's" } });
  expect(await dev.until("ended")).toMatchObject({ how: 1 });
  project.write("app.ts", appOf("2"));
  await dev.until("reloaded");
  client.reconnect();
  expect(await client.request("version")).toBe("2");
  await subscription.publish("item", { n: 2 });
  expect([heard, gaps]).toEqual([[1, 2], []]);
  // What a process that was killed had is lost, and said to be.
  process.kill(await client.request("pid"), "SIGKILL");
  expect(await dev.until("ended")).toMatchObject({ how: "SIGKILL" });
  project.write("app.ts", appOf("3"));
  await dev.until("reloaded");
  client.reconnect();
  expect(await client.request("version")).toBe("3");
  // Not even what was handed on before: what was said since is missing behind it.
  expect(await subscription.history()).toEqual([]);
  await subscription.publish("item", { n: 3 });
  expect([heard, gaps.length]).toEqual([[1, 2, 3], 1]);
  client.close();
});

test("one that fails at its start takes nothing of what the one before has left", async () => {
  using project = new DevProject({ "app.ts": appOf("1") });
  await using dev = project.dev(["app.ts", "--port", "0"]);
  const { client, subscription, gaps, heard } = await enter(await listening(dev));
  await subscription.publish("item", { n: 1 });
  project.write("app.ts", `${appOf("2")}app.listen = () => Promise.reject(new Error("no database"));`);
  expect(await dev.until("module_failed")).toMatchObject({ error: { message: "no database" } });
  await dev.until("ended");
  project.write("app.ts", appOf("3"));
  await dev.until("reloaded");
  client.reconnect();
  await subscription.publish("item", { n: 2 });
  expect([heard, gaps]).toEqual([[1, 2], []]);
  expect((await subscription.history()).map(({ payload }) => payload)).toEqual([{ n: 1 }, { n: 2 }]);
  client.close();
});

test("what is saved while it loads takes its place, and nobody stays behind", async () => {
  using project = new DevProject({ "app.ts": appOf("1") });
  await using dev = project.dev(["app.ts", "--port", "0"]);
  await listening(dev);
  const loading: number[] = [];
  for (const text of ["it loads", "it loads again"]) {
    project.write(
      "app.ts",
      `process.channel.ref();\nconsole.log("${text}", process.pid);\nawait new Promise(() => {});\nexport {};`,
    );
    const line = await dev.lines.next((each) => each.startsWith(`${text} `) && /\d+$/.test(each));
    loading.push(Number(line.split(" ").at(-1)));
  }
  project.write("app.ts", appOf("2"));
  await dev.until("reloaded");
  for (const pid of loading) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
});

test("who saves again and again drives no client away: it comes back to each process", async () => {
  using project = new DevProject({ "app.ts": appOf("1") });
  await using dev = project.dev(["app.ts", "--port", "0"]);
  const { client } = await enter(await listening(dev));
  const versions: Promise<string>[] = [];
  client.onStatus((status) => status === "open" && versions.push(client.request("version")));
  const saved = ["2", "3", "4", "5", "6"];
  for (const version of saved) {
    project.write("app.ts", appOf(version));
    await dev.until("reloaded");
  }
  expect(await client.request("version")).toBe("6");
  expect(await Promise.all(versions)).toEqual(saved);
  client.close();
});

test("a file that listens itself, with a server of its own, is reloaded too, and keeps its port", async () => {
  using project = new DevProject({ "app.ts": appOf("1") });
  const main = (port: number) => `
    import { createServer } from "node:http";
    import { app } from "./app.js";
    const server = createServer((_, response) => response.end("mine"));
    app.attach(server);
    server.listen(${port}, "127.0.0.1");`;
  const port = await freePort();
  project.write("main.ts", main(port));
  await using dev = project.dev(["main.ts"]);
  await dev.until("listening");
  const { client, gaps } = await enter(`http://127.0.0.1:${port}`);
  project.write("app.ts", appOf("2"));
  await dev.until("reloaded");
  expect(await client.request("version")).toBe("2");
  expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe("mine");
  expect(gaps).toEqual([]);
  client.close();
});

test.each(["SIGINT", "SIGTERM"] as const)("%s ends all of it, with 0, and says good-bye", async (signal) => {
  using project = new DevProject({ "app.ts": appOf("1") });
  await using dev = project.dev(["app.ts", "--port", "0"]);
  const { client, statuses } = await enter(await listening(dev));
  if (signal === "SIGINT") void dev.interrupt();
  // One Ctrl-C comes twice where npm passes it on. Two of one kind, at once, the system makes one.
  dev.kill("SIGTERM");
  // Whoever still ran would have its output open.
  expect(await dev.exit()).toBe(0);
  await statuses.next((status) => status === "waiting 1001 going_away");
  client.close();
});

test("nobody stays behind when it is killed", async () => {
  using project = new DevProject({ "app.ts": appOf("1") });
  await using dev = project.dev(["app.ts", "--port", "0"]);
  await listening(dev);
  dev.kill("SIGKILL");
  expect(await dev.exit()).toBe("SIGKILL");
});

test("nor does one whose loop hangs", async () => {
  using project = new DevProject({ "app.ts": appOf("1") });
  await using dev = project.dev(["app.ts", "--port", "0"]);
  const { client } = await enter(await listening(dev));
  client.send("hang");
  await dev.lines.next((line) => line === "it hangs");
  client.close();
  dev.kill("SIGKILL");
  expect(await dev.exit()).toBe("SIGKILL");
});

test("a port that is taken ends it, and so does a file without an app, when it is mended, not", async () => {
  const other = createServer();
  const port = await new Promise<number>((resolve) => {
    other.listen(0, "127.0.0.1", () => resolve((other.address() as AddressInfo).port));
  });
  using project = new DevProject({ "app.ts": appOf("1"), "nothing.ts": "export const nothing = 1;" });
  await using taken = project.dev(["app.ts", "--port", String(port)]);
  expect(await taken.until("port_in_use")).toMatchObject({ error: { message: expect.stringContaining(String(port)) } });
  expect(await taken.exit()).toBe(1);
  other.close();
  await using nothing = project.dev(["nothing.ts", "--port", "0"]);
  expect(await nothing.until("no_app")).toMatchObject({ error: { message: "nothing.ts exports no app." } });
  await nothing.until("not_loaded");
  project.write("nothing.ts", appOf("1"));
  await nothing.until("listening");
});

test("what an app lacks at its start is told with what to do, and without a stack", async () => {
  const source = (file: string) => JSON.stringify(new URL(`../../src/${file}`, import.meta.url).pathname);
  using project = new DevProject({
    "app.ts": `import { createApp } from ${source("index.ts")};
import { redis } from ${source("redis/index.ts")};
export const app = createApp({ endpoints: [], broker: redis({ url: "redis://127.0.0.1:${await freePort()}" }) });`,
  });
  await using dev = project.dev(["app.ts", "--port", "0"]);
  expect(await dev.until("unavailable")).toEqual({
    error: {
      code: "unavailable",
      message: expect.stringMatching(/^Redis can't be used: .*ECONNREFUSED/),
      fix: "See that it runs, and that its address is right.",
    },
  });
  await dev.until("ended");
  project.write("app.ts", 'import { createRequire } from "node:module";\ncreateRequire("/nowhere/")("redis");');
  expect(await dev.until("missing_package")).toMatchObject({ error: { fix: "Install it: npm install redis" } });
});

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}
