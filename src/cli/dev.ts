import { ConfigError } from "../index.js";
import type { CommandShape } from "./command.js";
import { DevSession } from "./dev/session.js";
import { withEnvFile } from "./env-file.js";
import { findModule, nodeFlagsFor } from "./load-app.js";

interface DevOptions {
  readonly port?: string;
  readonly host?: string;
}

/** Runs an app and reloads it. */
export const devCommand: CommandShape<DevOptions> = {
  usage: "dev <file>",
  summary: "run an app, and reload it when a file changes; clients resume",
  examples: [
    ["tidings dev app.ts", "serves the app that app.ts exports, on http://127.0.0.1:8000"],
    ["tidings dev app.ts --port 9000 --host 0.0.0.0", "at another port, for the whole network"],
    ["tidings dev main.ts", "runs a file that listens itself"],
  ],
  options(command) {
    command
      .option("--port <port>", "where an app that is exported listens; 0 for a free one (TIDINGS_PORT, else 8000)")
      .option("--host <host>", "its address (TIDINGS_HOST, else 127.0.0.1)");
  },
  async run({ terminal, args: [file = ""], options }) {
    const env = () => withEnvFile(terminal.env);
    if (env().NODE_ENV === "production") throw inProduction();
    const path = findModule(file);
    // Told before anything is started.
    nodeFlagsFor(path);
    const { port = env().TIDINGS_PORT ?? "8000", host = env().TIDINGS_HOST ?? "127.0.0.1" } = options;
    const task = { file: path, port: portOf(port), host, isJson: terminal.isJson };
    return new DevSession({ task, env, terminal }).run();
  },
};

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new ConfigError("invalid_port", {
    message: `The port is ${JSON.stringify(text)}.`,
    fix: "Give a number from 0 to 65535; 0 picks a free one.",
  });
}

function inProduction(): ConfigError {
  return new ConfigError("dev_in_production", {
    message: "NODE_ENV is production, and `tidings dev` is for development: it shows errors and pages to whoever asks.",
    fix: "Run your main file with node, or use `tidings serve`.",
  });
}
