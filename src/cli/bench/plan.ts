import { ConfigError } from "../../base/config-error.js";
import { type Duration, durationMs } from "../../base/duration.js";
import { describeGiven } from "../../base/quantity.js";
import { parseRate, type Rate } from "../../base/rate.js";
import { type Size, sizeBytes } from "../../base/size.js";
import { readHeader } from "../header-line.js";
import type { Streams } from "../terminal.js";
import { jsonMessages, type Probe, pingFrames, texts, withoutAnswers } from "./probe.js";
import { readTokens, type TokenOptions } from "./tokens.js";

/** The options as they are written. */
export interface BenchOptions extends TokenOptions {
  readonly connections: string;
  readonly ramp: string;
  readonly rate: string;
  readonly duration: string;
  readonly type?: string | undefined;
  readonly payload?: string | undefined;
  readonly message?: string | undefined;
  readonly size?: string | undefined;
  readonly raw?: boolean;
  /** `--no-answers` */
  readonly answers: boolean;
  readonly first?: readonly string[];
  readonly subscribe?: readonly string[];
  readonly header?: readonly string[];
  readonly subprotocol?: readonly string[];
  readonly hostIsMine?: string | undefined;
  readonly maxErrors: string;
}

/** How a server is loaded. */
export interface Plan {
  readonly connections: number;
  /** Dials in a second. */
  readonly dialsPerSecond: number;
  /** Of each connection. */
  readonly rate: string;
  /** Of all connections. */
  readonly messagesPerSecond: number;
  readonly durationMs: number;
  readonly probe: Probe;
  /** Said by each connection before it counts as open. */
  readonly first: readonly string[];
  readonly channels: readonly string[];
  /** One for each connection, in turns; none for nobody. */
  readonly tokens: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly subprotocols: readonly string[];
  readonly maxErrors: number;
}

/** @throws {ConfigError} where an option can't be, or two can't be together */
export async function readPlan(options: BenchOptions, env: Streams["env"]): Promise<Plan> {
  const connections = readCount("--connections", options.connections, MOST_CONNECTIONS);
  const ramp = parseRate(options.ramp as Rate, "--ramp"); // it looks at what it is given
  const rate = parseRate(options.rate as Rate, "--rate");
  const probe = readProbe(options);
  return {
    connections,
    dialsPerSecond: (ramp.count / ramp.windowMs) * 1_000,
    rate: options.rate,
    messagesPerSecond: (rate.count / rate.windowMs) * 1_000 * connections,
    durationMs: readDuration(options.duration),
    probe: options.answers ? probe : withoutAnswers(probe),
    first: options.first ?? [],
    channels: options.subscribe ?? [],
    tokens: await readTokens(options, connections, env),
    headers: Object.fromEntries((options.header ?? []).map(readHeader)),
    subprotocols: options.subprotocol ?? [],
    maxErrors: readCount("--max-errors", options.maxErrors, Number.MAX_SAFE_INTEGER, 0),
  };
}

/** Past it there are no ports left for one address. */
const MOST_CONNECTIONS = 60_000;
const MOST_BYTES = 16 * 1_048_576;

function readDuration(text: string): number {
  const ms = durationMs(text as Duration, "--duration"); // it looks at what it is given
  if (ms > 0) return ms;
  throw invalid("--duration", text, "Write how long, such as 10s.");
}

function readProbe({ type, payload, message, size, raw = false }: BenchOptions): Probe {
  const given = Object.entries({ "--type": type, "--message": message, "--size": size }).filter(([, text]) => text);
  if (given.length > 1)
    throw unfit(given.map(([name]) => name).join(" and "), "Each says what is said: give one of them.");
  if (payload !== undefined && type === undefined) throw unfit("--payload without --type", "Give the type too.");
  if (raw && type !== undefined) throw unfit("--raw with --type", "Give the text with --message.");
  if (type !== undefined) {
    return jsonMessages({ type, ...(payload !== undefined && { payload: readJson("--payload", payload) }) });
  }
  if (message !== undefined) return (raw ? undefined : readTyped(message)) ?? texts(message);
  if (size !== undefined) return texts(textOf(size));
  return raw ? texts(textOf("100b")) : pingFrames();
}

function readTyped(message: string): Probe | undefined {
  try {
    const value: unknown = JSON.parse(message);
    const isTyped = typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
    return isTyped ? jsonMessages({ ...value }) : undefined;
  } catch {
    return undefined; // a text as any other
  }
}

function textOf(size: string): string {
  const bytes = sizeBytes((/^\d+$/.test(size) ? `${size}b` : size) as Size, "--size"); // it looks at what it is given
  if (bytes === 0 || bytes > MOST_BYTES) throw invalid("--size", size, "Write 1b to 16mb.");
  return "x".repeat(bytes);
}

function readJson(option: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigError("invalid_option", {
      message: `${option} is ${describeGiven(text)}, which is not JSON.`,
      fix: `Write it in single quotes, such as ${option} '{"text":"hi"}'.`,
      cause,
    });
  }
}

function readCount(option: string, text: string, most: number, least = 1): number {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (count >= least && count <= most) return count;
  throw invalid(option, text, `Write a whole number from ${least}${most < 1e9 ? ` to ${most}` : ""}.`);
}

function invalid(option: string, text: string, fix: string): ConfigError {
  return new ConfigError("invalid_option", { message: `${option} is ${describeGiven(text)}.`, fix });
}

function unfit(what: string, fix: string): ConfigError {
  return new ConfigError("unfit_options", { message: `${what} can't be.`, fix });
}
