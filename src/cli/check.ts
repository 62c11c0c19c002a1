import { silentLogger } from "../base/logger.js";
import type { App, ConfigError, ListenOptions } from "../index.js";
import type { CommandShape } from "./command.js";
import { withEnvFile } from "./env-file.js";
import { exitCodes } from "./exit-code.js";
import { loadApp } from "./load-app.js";
import { shownPath } from "./serve/config-faults.js";
import { type Finding, findingsIn } from "./serve/findings.js";
import { type CheckedConfig, checkConfig, sourceOf, tellFault } from "./serve/loaded-config.js";
import { makeApp, readTls } from "./serve/served-app.js";
import type { Streams, Terminal } from "./terminal.js";

/** What is wrong, or unsafe, before others find it out. */
export const checkCommand: CommandShape = {
  usage: "check [file]",
  summary: "what is wrong or unsafe in a configuration, or in an app",
  examples: [
    ["tidings check", "what tidings serve would go by here: the file, .env and the environment"],
    ["tidings check prod.json --json", "another file, for a pipeline: exit code 1 where something is unsafe"],
    ["tidings check app.ts", "an app of your own, as it would warn at its start"],
  ],
  async run({ terminal, args: [file] }) {
    const findings =
      file !== undefined && isModule(file) ? await findingsOfApp(file) : await findingsOfConfig(file, terminal.env);
    terminal.result({ file, findings }, textOf(findings, terminal));
    return findings.every(({ severity }) => severity === "advice") ? exitCodes.done : exitCodes.failed;
  },
};

/** An app's own module, and not a configuration that is one. */
function isModule(file: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(file) && !/config\.[cm]?js$/.test(file);
}

async function findingsOfApp(file: string): Promise<readonly Finding[]> {
  const app = await loadApp(file);
  return orWhyNot(() => unsafeOf(app, {}));
}

async function findingsOfConfig(file: string | undefined, own: Streams["env"]): Promise<readonly Finding[]> {
  const checked = await checkConfig({ file, env: withEnvFile(own), ownEnv: own, flags: {}, folder: process.cwd() });
  const unknown = checked.unknown.map(
    ({ name, nearest }): Finding => ({
      code: "unknown_variable",
      severity: "advice",
      path: name,
      message: "This variable means nothing here.",
      fix: nearest === undefined ? "See tidings serve --print-config." : `Did you mean ${nearest}?`,
    }),
  );
  // What can't be read as a configuration can't be looked at further.
  if (checked.faults.length > 0) return [...faultsOf(checked), ...unknown];
  const isOfFile = (path: string) => sourceOf(path, checked.sources) === undefined;
  const found = [...findingsIn(checked.config, isOfFile), ...(await findingsOfServed(checked))];
  return [...unique(found), ...unknown];
}

function faultsOf(checked: CheckedConfig): readonly Finding[] {
  return checked.faults.map((fault) => ({
    code: fault.code,
    severity: "error",
    path: shownPath(fault.path),
    message: `${tellFault(fault, checked)}.`,
    fix: fault.fix,
  }));
}

/** What it would be refused for, or warn of, at its start. */
async function findingsOfServed({ config, folder }: CheckedConfig): Promise<readonly Finding[]> {
  return orWhyNot(async () => {
    const tls = readTls(config, folder);
    return unsafeOf(await makeApp(config, silentLogger), { host: config.host, tls });
  });
}

/** What keeps it from starting is a finding like others. */
async function orWhyNot(look: () => readonly Finding[] | Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (!isConfigError(error)) throw error;
    const { code, message, fix } = error;
    return [{ code, severity: "error", path: "", message: message.replace(` ${fix}`, ""), fix }];
  }
}

/** Of whichever copy of this package: an app brings its own. */
function isConfigError(error: unknown): error is ConfigError {
  return error instanceof Error && error.name === "ConfigError" && "code" in error && "fix" in error;
}

function unsafeOf(app: App, listen: ListenOptions): readonly Finding[] {
  return app["~warnings"](listen).map((warning) => ({ ...warning, severity: "unsafe", path: "" }));
}

/** What the configuration and the app both know is told once, with its path. */
function unique(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter(
    ({ code, path }) => path !== "" || !findings.some((each) => each.code === code && each.path !== ""),
  );
}

const COLOURS = { error: "red", unsafe: "yellow", advice: "cyan" } as const;

function textOf(findings: readonly Finding[], terminal: Terminal): string {
  if (findings.length === 0) return "Nothing was found that should not be left so.";
  return findings
    .map(({ severity, code, path, message, fix }) =>
      [
        `${terminal.style(COLOURS[severity], severity.padEnd(6))}  ${code}${path === "" ? "" : `  ${path}`}`,
        `        ${message}`,
        `        ${fix}`,
      ].join("\n"),
    )
    .join("\n");
}
