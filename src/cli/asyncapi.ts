import { writeFile } from "node:fs/promises";
import type { App } from "../index.js";
import { ConfigError } from "../index.js";
import type { CommandShape } from "./command.js";
import { exitCodes } from "./exit-code.js";
import { loadApp } from "./load-app.js";

interface AsyncApiCommandOptions {
  readonly out?: string;
  readonly openapi?: boolean;
}

/** Writes the document of an app, which is loaded for it and not started. */
export const asyncApiCommand: CommandShape<AsyncApiCommandOptions> = {
  usage: "asyncapi <file>",
  summary: "write an app's AsyncAPI document, made of its declarations",
  examples: [
    ["tidings asyncapi app.ts", "on stdout"],
    ["tidings asyncapi app.ts --out asyncapi.json", "into a file, to see in a review what has changed"],
    ["tidings asyncapi app.ts --openapi", "the OpenAPI document of its HTTP API"],
  ],
  options: (command) =>
    command
      .option("--out <file>", "write it there, and not to stdout")
      .option("--openapi", "the OpenAPI document of the HTTP API instead"),
  async run({ terminal, args: [file = ""], options: { out, openapi } }) {
    using _ = new QuietConsole();
    const app = await loadApp(file);
    const document = documentOf(app, openapi === true);
    // A module that listens itself would go on doing so.
    await app.close();
    if (out === undefined) {
      terminal.result(document);
      return exitCodes.done;
    }
    await writeDocument(out, document);
    terminal.result({ out }, `written to ${out}`);
    return exitCodes.done;
  },
};

function documentOf(app: App, isOpenApi: boolean): object {
  return isOpenApi ? app.openapi() : app.asyncapi();
}

/** The same declarations make the same bytes. */
async function writeDocument(file: string, document: object): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(document, undefined, 2)}\n`);
  } catch (cause) {
    throw new ConfigError("unwritable_file", {
      message: `${file} can't be written: ${(cause as Error).message}.`, // which node:fs throws
      fix: "Name a file in a folder that is there.",
      cause,
    });
  }
}

/** What a module prints while it is loaded is no part of the document: it goes to stderr. */
class QuietConsole implements Disposable {
  readonly #log = console.log;
  readonly #info = console.info;
  readonly #debug = console.debug;

  constructor() {
    Object.assign(console, { log: console.error, info: console.error, debug: console.error });
  }

  [Symbol.dispose](): void {
    Object.assign(console, { log: this.#log, info: this.#info, debug: this.#debug });
  }
}
