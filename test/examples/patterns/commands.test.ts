import "./environment.js";
import type { App } from "tidings";
import { beforeAll, expect, test, vi } from "vitest";
import { type CommandRun, runCommand, startCommand } from "../../support/command-run.js";
import { readRepository } from "../../support/repository.js";
import { secret } from "../../support/tokens.js";
import { tokenOf } from "./environment.js";
import { type ReadmeCommand, readmeCommands } from "./readme-command.js";
import { type ServedExample, serveExample } from "./served-example.js";

/** Their commands need more than one app that is served, and their rows' tests have that. */
const elsewhere: Readonly<Record<string, string>> = {
  "p08-cookie-session": "a sign-in beside the app",
  "p15-many-processes": "Redis, and two processes",
  "p21-tls": "TLS",
};

const pages = Array.from(readRepository(/^examples\/patterns\/p\d\d-.*\/README\.md$/), ([path, page]) => ({
  folder: path.split("/")[2] ?? "",
  page,
})).filter(({ folder }) => !(folder in elsewhere));

beforeAll(() => {
  vi.spyOn(console, "log").mockImplementation(() => {}); // some print what happens
});

test.each(pages)("what the README of $folder says to type does what it says", async ({ folder, page }) => {
  const [dev, ...others] = readmeCommands(page, tokenOf);
  expect(dev?.words).toEqual(["dev", `${folder}/app.ts`]);
  expect(others.length).toBeGreaterThan(0);
  await using server = await serveExample(await load(folder));
  const env = surroundingsOf(server);
  const listening: Listener[] = [];
  for (const { words, comment } of others) {
    if (words[0] === "listen") listening.push({ words, comment, run: await listen(words, env) });
    else {
      // Without it people are told an error in words alone.
      const json = words.includes("--raw") ? [] : ["--json"];
      check(`${words.join(" ")}   # ${comment}`, comment, await runCommand([...words, ...json], { env }));
    }
  }
  for (const { words, comment, run } of listening) {
    // Such as task_completed.
    for (const [event] of comment.matchAll(/[a-z]+_[a-z]+/g)) await run.lines.next((line) => line.includes(event));
    if (!words.includes("--count")) process.emit("SIGINT"); // which nobody hears but who listens
    expect((await run.ended).code).toBe(0);
  }
});

/** A command that goes on, until Ctrl-C or for so many events. */
interface Listener extends ReadmeCommand {
  readonly run: CommandRun;
}

async function load(folder: string): Promise<App> {
  const { app } = (await import(`../../../examples/patterns/${folder}/app.ts`)) as { readonly app: App };
  return app;
}

/** What a shell beside it has: `TIDINGS_PORT` is in the place of 8000. */
function surroundingsOf({ url }: ServedExample): Readonly<Record<string, string>> {
  return { TIDINGS_JWT_SECRET: secret, TIDINGS_PORT: new URL(url).port };
}

/** Resolves when it hears. */
async function listen(words: readonly string[], env: Readonly<Record<string, string>>): Promise<CommandRun> {
  const run = startCommand(words, { env });
  await run.notes.next((note) => (words.includes("--subscribe") ? /^On / : /^Connected/).test(note));
  return run;
}

/** An exit code and, before any comma, what the error says; or what is printed, in which `…` is anything. */
function check(line: string, comment: string, { code, stdout, stderr }: Awaited<CommandRun["ended"]>): void {
  const [, exitCode = "0", why = ""] = /^exit code (\d): ([^,]*)/.exec(comment) ?? [];
  expect(code, `${line}\n${stderr}`).toBe(Number(exitCode));
  expect(stderr, line).toContain(why);
  const [, text, json] = /^(?:→ (.*)|([{["\d].*))$/.exec(comment) ?? [];
  const printed = text ?? json;
  if (printed !== undefined) expect(stdout.trim(), line).toMatch(patternOf(printed));
}

function patternOf(printed: string): RegExp {
  const parts = printed.split("…").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}
