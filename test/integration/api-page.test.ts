import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { operations } from "../../src/api/operations.js";
import { apiApp, enter } from "../support/api-app.js";
import { apiKey } from "../support/api-client.js";
import { readRepositoryFile } from "../support/repository.js";
import { serve } from "../support/served-app.js";

const page = readRepositoryFile("docs/reference/http-api.md");
/** Each operation's heading, the line for a shell below it, and what it answers. */
const examples = [...page.matchAll(/^### (\w+)\n\n```sh\n((?:.|\n)*?)\n# (.*)\n```/gm)].map(
  ([, name = "", line = "", answer = ""]) => ({ name, line, answer }),
);

test("the page shows how each operation is asked with curl, and what it answers", async () => {
  await using server = await serve(apiApp());
  const { client } = await enter(server, "ana");
  await client.ask("subscribe", { channel: "chat/lobby" });
  expect(examples.map(({ name }) => name).toSorted()).toEqual(Object.keys(operations).toSorted());
  for (const { name, line, answer } of examples) {
    const asked = line.replaceAll("http://127.0.0.1:8000", server.url);
    const { stdout } = await promisify(execFile)("sh", ["-c", asked], { env: { PATH: process.env.PATH, KEY: apiKey } });
    expect(shapeOf(stdout), name).toEqual(expect.stringMatching(patternOf(answer)));
  }
});

test("the page names every status and code of a problem that the document does", async () => {
  await using server = await serve(apiApp());
  const { responses } = server.app.openapi().components;
  const documented = Object.values(responses).flatMap(({ description }) =>
    [...description.matchAll(/`(\w+)`/g)].map(([, code]) => code),
  );
  const rows = [...page.matchAll(/^\| \d{3} \| ([^|]+) \|/gm)].flatMap(([, codes = ""]) =>
    [...codes.matchAll(/`(\w+)`/g)].map(([, code]) => code),
  );
  // What a preflight is answered is no operation's.
  expect(new Set([...documented, "origin_not_allowed"])).toEqual(new Set(rows));
});

function shapeOf(said: string): string {
  return JSON.stringify(JSON.parse(said));
}

/** The page leaves out, as `…`, what differs each time. */
function patternOf(answer: string): RegExp {
  return new RegExp(`^${answer.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("…", ".*")}$`);
}
