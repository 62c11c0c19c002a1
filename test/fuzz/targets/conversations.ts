import { channel, createApp, endpoint, rawEndpoint } from "tidings";
import { jwt } from "tidings/auth";
import { tasks } from "tidings/tasks";
import { startTestApp, type TestApp } from "tidings/testing";
import { z } from "zod";
import { TidingsApp } from "../../../src/app/app.js";
import { dialMemory } from "../../../src/transport/memory.js";
import { Inbox } from "../../support/inbox.js";
import { LogRecorder } from "../../support/log-recorder.js";
import { secret, signToken } from "../../support/tokens.js";
import { isDocumentedClose } from "../documented.js";
import { hold, type Opened, type Target } from "../target.js";

/** Signed anew in each run, so a corpus that is kept says TOKEN for it. */
const token = signToken({ sub: "ana" });

export const conversations: Target = {
  about: "what a client says on one connection, a frame a line, after a line that says at which endpoint",
  words: [
    ..."/open /asked /ours /raw /dashboard/live connect auth ping pong subscribe unsubscribe publish presence history".split(
      " ",
    ),
    ..."task_cancel type payload id channel since epoch offset rewind watch key limit before token".split(" "),
    ..."say echo said text chat/a chat/b plain/a $tasks/ana TOKEN".split(" "),
    ..."ask about connections channels connection nothing which open troubled closed disconnect $dashboard".split(" "),
  ],
  batch: 64,
  open,
};

async function open(): Promise<Opened> {
  const log = new LogRecorder();
  const errors: unknown[] = [];
  const app = createApp({ endpoints: [...endpoints()], logger: log, onError: (error) => void errors.push(error) });
  const server = await startTestApp(app, { limits: { messages: "100000/1s", control: "100000/1s" } });
  return {
    async read(input) {
      const [path = "", ...lines] = input.toString().replaceAll("TOKEN", token).split("\n").slice(0, MOST_LINES);
      await talk(server, PATHS.find((each) => each === path.trim()) ?? "/open", lines);
      const [error] = errors.splice(0);
      hold(error === undefined, "what a client says is no fault of the app's", error);
      log.lines.length = 0;
    },
    async close() {
      const { connections } = app.stats();
      await server[Symbol.asyncDispose]();
      hold(connections === 0, "nobody is left", connections);
    },
  };
}

const MOST_LINES = 40;
const PATHS = ["/open", "/asked", "/ours", "/raw", "/dashboard/live"];

function* endpoints() {
  const events = { said: z.object({ text: z.string().max(20) }) };
  const allow = { subscribe: true, publish: true } as const;
  const kept = channel("chat/:room", {
    events,
    history: { size: 5, ttl: "1m" },
    presence: true,
    snapshot: ({ params }) => ({ room: params.room }),
    allow,
  });
  const plain = channel("plain/:room", { events: { ...events, "*": z.unknown() }, allow });
  const shared = {
    receives: { say: z.object({ text: z.string() }), echo: z.unknown() },
    on: { say() {}, echo: (_: unknown, given: unknown) => given },
  };
  yield endpoint("/open", { ...shared, channels: [kept, plain] });
  const auth = jwt({ secret, from: ["header", "message"] });
  yield endpoint("/asked", { ...shared, auth, channels: [kept, plain, tasks] });
  yield endpoint("/ours", { ...shared, auth, channels: [kept, plain, tasks] });
  yield rawEndpoint("/raw", { text: ({ connection }, text) => void connection.send(text) });
}

/** Says all of it, and asks once more: that is answered, or the connection has closed. */
async function talk({ app }: TestApp, path: string, lines: readonly string[]): Promise<void> {
  if (!(app instanceof TidingsApp)) throw new TypeError("This takes what createApp() made.");
  const isOurs = path === "/ours" || path === "/dashboard/live";
  const headers = isOurs ? { "sec-websocket-protocol": "tidings.v1" } : {};
  const dialled = await dialMemory((upgrade) => void app.answer(upgrade), { target: path, headers });
  if ("refused" in dialled) throw new Error(`The handshake was refused: ${dialled.refused.status}`);
  const { peer } = dialled;
  const ended = new Inbox<string>("The end of what was said");
  peer.listen({
    text: (text) => {
      if (path !== "/raw") checkMessage(text);
      if (text.includes(LAST)) ended.put("answered");
    },
    binary: () => {},
    pong: () => {},
    closed: (code, reason) => {
      hold(isDocumentedClose(code), "a connection closes with a documented code", { code, reason });
      ended.put(`${code} ${reason}`);
    },
  });
  for (const line of lines) peer.send(line);
  peer.send(`{"type":"echo","payload":1,"id":"${LAST}"}`);
  const how = await ended.next();
  if (how !== "answered") return;
  peer.close(1000);
  await ended.next();
}

const LAST = "the last of all";

function checkMessage(text: string): void {
  if (text === "pong") return;
  const { type, payload } = JSON.parse(text) as { readonly type: unknown; readonly payload: unknown };
  hold(typeof type === "string" && type !== "", "what the server says is a message", text);
  if (type !== "error") return;
  const { code, message, issues = [] } = Object(payload) as { code?: unknown; message?: unknown; issues?: unknown[] };
  hold(typeof code === "string" && typeof message === "string", "an error says what is wrong", text);
  hold(code !== "internal", "what a client says is no fault of the app's", text);
  hold(issues.length <= 10, "of issues there are ten at most", issues.length);
}
