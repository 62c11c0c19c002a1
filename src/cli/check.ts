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
  async run({ terminal, args: [given] }) {
    const look =
      given !== undefined && isModule(given) ? await lookAtApp(given) : await lookAtConfig(given, terminal.env);
    const { file, findings } = look;
    terminal.result({ file, findings }, textOf(look, terminal));
    return findings.every(({ severity }) => severity === "advice") ? exitCodes.done : exitCodes.failed;
  },
};

/** What was looked at, and what was found there. */
interface Look {
  /** Undefined where there is no configuration file. */
  readonly file: string | undefined;
  /** Did the environment count too? */
  readonly isOfServe: boolean;
  readonly findings: readonly Finding[];
}

/** An app's own module, and not a configuration that is one. */
function isModule(file: string): boolean {
  return /\.[cm]?[jt]sx?$/.test(file) && !/config\.[cm]?js$/.test(file);
}

async function lookAtApp(file: string): Promise<Look> {
  const app = await loadApp(file);
  return { file, isOfServe: false, findings: await orWhyNot(() => unsafeOf(app, {})) };
}

async function lookAtConfig(given: string | undefined, own: Streams["env"]): Promise<Look> {
  const sources = { file: given, env: withEnvFile(own), ownEnv: own, flags: {}, folder: process.cwd() };
  const checked = await checkConfig(sources);
  return { file: checked.file, isOfServe: true, findings: await findingsOfConfig(checked) };
}

async function findingsOfConfig(checked: CheckedConfig): Promise<readonly Finding[]> {
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

function textOf(look: Look, terminal: Terminal): string {
  const { file, isOfServe, findings } = look;
  const texts = findings.map((each) => textOfFinding(each, terminal));
  if (findings.length === 0) texts.push(`Nothing was found in ${placesOf(look)} that should not be left so.`);
  if (isOfServe && file === undefined) texts.push(WITHOUT_FILE);
  return texts.join("\n");
}

/** Whoever has an app would take it for a look at that. */
const WITHOUT_FILE =
  "There is no tidings.config.json here: this is what tidings serve would go by. An app of your own: tidings check app.ts";

function placesOf({ file, isOfServe }: Look): string {
  if (!isOfServe) return file ?? "";
  return `${file === undefined ? "" : `${file}, `}the environment and .env`;
}

function textOfFinding({ severity, code, path, message, fix }: Finding, terminal: Terminal): string {
  return [
    `${terminal.style(COLOURS[severity], severity.padEnd(6))}  ${code}${path === "" ? "" : `  ${path}`}`,
    `        ${message}`,
    `        ${fix}`,
  ].join("\n");
}
