import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import type { ServeConfig } from "../../src/cli/serve/config.js";
import { findFaults } from "../../src/cli/serve/config-faults.js";
import { findingsIn } from "../../src/cli/serve/findings.js";
import { makeApp } from "../../src/cli/serve/served-app.js";
import { sign } from "../../src/cli/serve/webhooks/signature.js";
import { configRows } from "../support/config-table.js";
import { LogRecorder } from "../support/log-recorder.js";
import { secret, signToken } from "../support/tokens.js";
import { dial, dialRefused } from "../support/ws-client.js";

const read = (path: string) => readFileSync(new URL(`../../docs/${path}`, import.meta.url), "utf8");

/** The blocks of code in this language. */
function blocksOf(text: string, language: string): readonly string[] {
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, of, code = ""]) => (of === language ? [code] : []));
}

test("the reference of the configuration has each option as it is, and no other", () => {
  const rows = read("reference/config.md")
    .split("\n")
    .filter((line) => line.startsWith("| `"));
  expect(rows).toEqual(configRows());
});

test.each(["how-to/serve.md", "how-to/webhooks.md", "../README.md"])(
  "the configurations in %s can be served",
  async (page) => {
    const configs = blocksOf(read(page), "json").map((code) => JSON.parse(code) as ServeConfig);
    const whole = configs.filter(({ channels }) => channels !== undefined);
    expect(whole.length).toBeGreaterThan(0);
    for (const config of whole) {
      expect(await findFaults(config)).toEqual([]);
      const webhooks = config.webhooks && { ...config.webhooks, secret: "x".repeat(32) };
      const isBackendAsked = webhooks?.hooks?.includes("connect") === true;
      const app = await makeApp(
        { ...config, webhooks, ...(!isBackendAsked && { jwt: { secret } }) },
        new LogRecorder(),
      );
      expect(app.asyncapi()).toBeDefined();
      expect(findingsIn(config, () => true).filter(({ severity }) => severity !== "advice")).toEqual([]);
    }
  },
);

describe("a backend in Python", () => {
  test("the token that serve.md has it make lets its user in, for as long as it says", async () => {
    const [recipe = ""] = blocksOf(read("how-to/serve.md"), "python");
    const config: ServeConfig = { jwt: { secret }, channels: { "inbox/:user": { match: { user: "sub" } } } };
    const app = await makeApp({ ...config, endpoints: { "/ws": { join: ["inbox/:user"] } } }, new LogRecorder());
    await using server = { ...(await app.listen(0, { signals: [] })), [Symbol.asyncDispose]: () => app.close() };
    const run = `${recipe}\nprint(token("ana"), token("ana", seconds=-1))`;
    const { stdout } = await promisify(execFile)("/usr/bin/python3", ["-c", run], {
      env: { TIDINGS_JWT_SECRET: secret },
    });
    const [good, old] = stdout.trim().split(" ");
    await dial(`${server.url}/ws?token=${good}`);
    expect(Array.from(app.connections(), ({ user }) => user?.id)).toEqual(["ana"]);
    expect(await dialRefused(`${server.url}/ws?token=${old}`)).toMatchObject({ body: { code: "token_expired" } });
  });

  const hookSecret = "between the server and the backend: 32+";
  const [recipe = ""] = blocksOf(read("how-to/webhooks.md"), "python");

  test("the recipe knows who asks, and takes nothing from who does not know the secret, or says it again late", async () => {
    const now = Date.now();
    const body = '{"hook":"connect","name":"Zoë"}';
    const good = sign(body, { secret: hookSecret, atMs: now });
    const cases: [header: string, body: string, isFromUs: boolean][] = [
      [good, body, true],
      [good, `${body} `, false],
      [sign(body, { secret: `${hookSecret}!`, atMs: now }), body, false],
      [sign(body, { secret: hookSecret, atMs: now - 301_000 }), body, false],
      [good.replace(/^t=\d+/, `t=${Math.floor(now / 1_000) + 1}`), body, false],
      [good.replace("v1=", "v0="), body, false],
      [`${good.split(",")[0]},v1=é`, body, false],
      ["", body, false],
      ["t=,v1=", body, false],
    ];
    const program = `${recipe}
import json, sys
for header, body in json.load(sys.stdin):
    print(is_from_tidings("${hookSecret}", header, body.encode()))`;
    const python = spawn("/usr/bin/python3", ["-c", program], { stdio: ["pipe", "pipe", "inherit"] });
    const lines = createInterface({ input: python.stdout });
    python.stdin.end(JSON.stringify(cases.map(([header, asked]) => [header, asked])));
    const said: string[] = [];
    for await (const line of lines) said.push(line);
    expect(said).toEqual(cases.map(([, , isFromUs]) => (isFromUs ? "True" : "False")));
  });

  test("it says who comes, who may hear what, and what a message is answered", async () => {
    await using backend = await startPython(`${recipe}
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Hooks(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if not is_from_tidings("${hookSecret}", self.headers.get("tidings-signature", ""), body):
            return self.answer(403, {})
        asked = json.loads(body)
        if asked["hook"] == "connect":
            known = {"t1": {"id": "ana"}}.get(asked.get("token"))
            self.answer(200, {"user": known} if known else {"error": {"code": "unauthorized"}})
        elif asked["hook"] == "subscribe":
            self.answer(200, {"allow": asked["channel"] == "orders/7"})
        else:
            self.answer(200, {"reply": asked["payload"]["a"] + asked["payload"]["b"]})
    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Hooks)
print(server.server_address[1], flush=True)
server.serve_forever()`);
    const config: ServeConfig = {
      channels: { "orders/:id": { subscribe: "webhook" } },
      endpoints: { "/ws": { receives: "webhook" } },
      webhooks: { url: backend.url, secret: hookSecret, hooks: ["connect"] },
    };
    const app = await makeApp(config, new LogRecorder());
    await using server = { ...(await app.listen(0, { signals: [] })), [Symbol.asyncDispose]: () => app.close() };
    expect(await dialRefused(`${server.url}/ws`, { token: signToken({ sub: "eve" }) })).toMatchObject({ status: 401 });
    const ana = await dial(`${server.url}/ws`, { token: "t1" });
    expect(await ana.ask("subscribe", { channel: "orders/7" })).toMatchObject({ type: "subscribed" });
    expect(await ana.ask("subscribe", { channel: "orders/8" })).toMatchObject({ payload: { code: "forbidden" } });
    expect(await ana.ask("add", { a: 2, b: 3 })).toMatchObject({ type: "reply", payload: 5 });
    // What makes it throw is its own failure, and not the client's.
    expect(await ana.ask("add", {})).toMatchObject({ payload: { code: "unavailable" } });
  });
});

async function startPython(program: string) {
  const python = spawn("/usr/bin/python3", ["-c", program], { stdio: ["ignore", "pipe", "ignore"] });
  const [port] = (await once(createInterface({ input: python.stdout }), "line")) as [string];
  return {
    url: `http://127.0.0.1:${port}/tidings`,
    async [Symbol.asyncDispose]() {
      const ended = once(python, "close");
      python.kill("SIGKILL");
      await ended;
    },
  };
}
