import { expect, test } from "vitest";
import { createProgram, describeErrors } from "./program.js";

const instantiations = 600_000;
// Each schema is written out, as in an app: what is declared once is checked once.
const message = "z.object({ text: z.string(), count: z.number().default(1) })";
const event = "z.object({ by: z.string(), at: z.date() })";

test("an endpoint of 200 messages and 50 channels, and a client of all of them, is checked within the budget", () => {
  const lines = [
    'import { channel, createApp, dependency, endpoint } from "tidings";',
    'import { jwt } from "tidings/auth";',
    'import { startTestApp } from "tidings/testing";',
    'import { z } from "zod";',
    'const user = jwt({ secret: "s", claims: z.object({ sub: z.string(), name: z.string() }) });',
    'const db = dependency({ scope: "app", create: () => new Map<string, number>() });',
    ...many(50, declareChannel),
    'export const large = endpoint("/ws/:id", {',
    "  auth: user,",
    `  receives: { ${many(200, (n) => `say${n}: ${message}`).join(", ")} },`,
    `  channels: [${many(50, (n) => `channel${n}`).join(", ")}],`,
    "  open({ connection, params }) {",
    ...many(50, (n) => `    connection.join(channel${n}(params));`),
    "  },",
    "  on: {",
    ...many(200, (n) => `    say${n}: (_, { text, count }) => ({ text, total: count + ${n}, at: new Date() }),`),
    "  },",
    "});",
    "declare function load(): void;",
    "const app = createApp({ endpoints: [large] });",
    "const server = await startTestApp(app);",
    'const client = server.client<typeof large>("/ws/a");',
    ...many(200, (n) => `(await client.request("say${n}", { text: "a" })).at.trim();`),
    ...many(50, (n) => `client.on("up${n}", ({ at }) => at.trim());`),
    ...many(50, (n) => `const heard${n} = client.subscribe("room${n}/:id", { id: "a" }, { onGap: load });`),
    ...many(50, (n) => `heard${n}.on("down${n}", ({ at }, { offset = 0 }) => at.at(offset));`),
    ...many(50, (n) => `heard${n}.presence.on("change", (members) => members[0]?.name${n}.trim());`),
    ...many(50, (n) => `await app.publish(channel${n}({ id: "a" }), "up${n}", { by: "a", at: new Date() });`),
    ...many(50, (n) => `(await app.presence(channel${n}({ id: "a" })))[0]?.name${n}.trim();`),
    ...many(50, (n) => `(await app.history(channel${n}({ id: "a" }))).map(({ payload }) => payload.at.trim());`),
  ];
  const source = lines.join("\n");
  const program = createProgram(["test/types/large.ts"], new Map([["test/types/large.ts", source]]));
  expect(describeErrors(program).join("\n")).toBe("");
  expect(program.getInstantiationCount()).toBeLessThan(instantiations);
});

/** With all that a channel can have. */
function declareChannel(n: number): string {
  return `const channel${n} = channel("room${n}/:id", {
    events: { up${n}: ${event}, down${n}: ${event} },
    needs: { user, db },
    history: { size: 100, ttl: "5m" },
    presence: ({ user, params }) => ({ id: user.id, name${n}: user.name, room: params.id }),
    snapshot: async ({ db, params }) => ({ at: new Date(), size${n}: db.get(params.id) ?? 0 }),
    overflow: { keepLatestBy: (event) => (event.type === "up${n}" ? event.type : event.payload.by) },
    allow: {
      subscribe: ({ user, params }) => user.name === params.id,
      publish: ({ user }, event) => event.type === "down${n}" && event.payload.at.getTime() < user.name.length,
    },
  });`;
}

function many(count: number, line: (n: number) => string): string[] {
  return Array.from({ length: count }, (_, n) => line(n));
}
