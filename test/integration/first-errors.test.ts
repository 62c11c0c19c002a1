import { createApp, endpoint, rawEndpoint } from "tidings";
import { jwt, session } from "tidings/auth";
import { expect, test } from "vitest";
import { LogRecorder } from "../support/log-recorder.js";
import { readRepositoryFile } from "../support/repository.js";
import { serve } from "../support/served-app.js";
import { dialRefused } from "../support/ws-client.js";

const echo = rawEndpoint("/echo", { text: ({ connection }, text) => void connection.send(text) });

test("a port that is taken is told with one that may be free, and with where that is explained", async () => {
  await using first = await serve({ endpoints: [echo] });
  const port = Number(new URL(first.url).port);
  const app = createApp({ endpoints: [echo], logger: new LogRecorder() });
  const refused = await app.listen(port).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    code: "port_in_use",
    fix: `End who has it, or choose another, such as TIDINGS_PORT=${port === 65_535 ? port - 1 : port + 1}, or 0 for a free one.`,
    docs: "node_modules/tidings/docs/reference/errors.md#port_in_use",
  });
  expect(readRepositoryFile("docs/reference/errors.md")).toContain('<a id="port_in_use"></a>');
  await app.close();
});

test("a page whose origin is refused is told in the log with the very line that would let it in, and not to the page", async () => {
  const byCookie = endpoint("/feed", { auth: session({ lookup: () => undefined }) });
  await using server = await serve({ endpoints: [byCookie, echo], origins: ["https://app.example"] });
  const origin = "https://a-preview-of-the-app-with-a-long-name.hosting.example";
  for (const path of ["/feed", "/echo"]) {
    const { status, body } = await dialRefused(`${server.url}${path}`, { headers: { origin } });
    expect({ status, body }).toEqual({
      status: 403,
      body: { code: "origin_not_allowed", message: "This origin is not allowed." },
    });
    const { fields } = await server.log.next("refused");
    expect(fields.detail).toContain(`createApp({ origins: ["${origin}"] }), or TIDINGS_ORIGINS`);
    expect(fields.detail).toContain(`"${new URL(server.url).host}"`);
  }
});

test("an origin that is long, or forges a line, is told short and on one line", async () => {
  await using server = await serve({ endpoints: [echo], origins: [] });
  await dialRefused(`${server.url}/echo`, { headers: { origin: `https://${"a".repeat(5_000)}` } });
  const { fields } = await server.log.next("refused");
  expect(String(fields.detail).length).toBeLessThan(1_000);
});

test("a secret that is missing is told with the variable to set", () => {
  const app = () => createApp({ endpoints: [endpoint("/feed", { auth: jwt({ secret: undefined }) })] });
  return expect(app().listen(0)).rejects.toMatchObject({
    code: "missing_secret",
    message: expect.stringContaining("/feed"),
    docs: expect.stringMatching(/#missing_secret$/),
  });
});
