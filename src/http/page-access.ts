import { ConfigError } from "../base/config-error.js";
import { checkOptions, requireOption } from "../base/options.js";
import { describeGiven } from "../base/quantity.js";
import type { Guard, HttpOptions, PageOption } from "../declare/http-options.js";
import { isLoopback } from "./this-computer.js";

/** Who may see a page. What nobody may see looks like a path that is not there. */
export type Access = "nobody" | "everybody" | "this computer" | Guard;

/** `docs` is the AsyncAPI document too. */
export type PageName = "docs" | "dashboard" | "metrics";

export type PageAccess = Readonly<Record<PageName, Access>>;

export interface AccessOfPorts {
  /** Where the app's sockets are. */
  readonly app: PageAccess;
  /** On the port of their own; undefined where they have none. */
  readonly apart: PageAccess | undefined;
}

/**
 * Who may see which page, and where.
 *
 * @throws ConfigError `invalid_options`, `unknown_option`, `invalid_option`, `invalid_port` or `invalid_challenge`
 */
export function pageAccess(options: HttpOptions, isProduction: boolean): AccessOfPorts {
  checkHttpOptions(options);
  if (options.port === undefined) {
    return { app: accessOf(options, isProduction ? "nobody" : "this computer"), apart: undefined };
  }
  // Who can reach an address of this computer is at it, but for the pages of other sites in a browser here.
  const isLocal = isLocalHost(options.host ?? defaultPagesHost);
  return { app: NOWHERE, apart: accessOf(options, isLocal ? "this computer" : "everybody") };
}

/** Where a port of their own listens. */
export const defaultPagesHost = "127.0.0.1";

const NOWHERE: PageAccess = { docs: "nobody", dashboard: "nobody", metrics: "nobody" };

function accessOf({ docs, dashboard, metrics, guard }: HttpOptions, unlessSaid: Access): PageAccess {
  const of = (option: PageOption | undefined): Access => {
    if (option === undefined) return guard ?? unlessSaid;
    if (typeof option === "boolean") return option ? "everybody" : "nobody";
    return option.guard;
  };
  return { docs: of(docs), dashboard: of(dashboard), metrics: of(metrics) };
}

function isLocalHost(host: string): boolean {
  return host.toLowerCase() === "localhost" || isLoopback(host);
}

function checkHttpOptions(options: HttpOptions): void {
  checkOptions("createApp()'s `http`", options, {
    docs: "anything",
    dashboard: "anything",
    metrics: "anything",
    guard: "function",
    port: "anything",
    api: "anything",
    host: "text",
  });
  for (const name of ["docs", "dashboard", "metrics"] as const) checkPage(`http.${name}`, options[name]);
  checkChallenge("http.guard", options.guard);
  const { port, host } = options;
  if (host !== undefined && host.trim() === "") throw emptyHost("http.host");
  if (host !== undefined && port === undefined) {
    throw new ConfigError("missing_port", {
      message: "http.host is given without http.port.",
      fix: "Give the pages a port of their own too; the app's own port has the host that listen() is given.",
    });
  }
  if (port === undefined || (Number.isInteger(port) && port >= 0 && port <= 65_535)) return;
  throw new ConfigError("invalid_port", {
    message: `http.port is ${describeGiven(port)}.`,
    fix: "Give it a number from 0 to 65535; 0 picks a free one.",
  });
}

/** `node:net` would listen on every address. */
export function emptyHost(where: string): ConfigError {
  return new ConfigError("invalid_host", {
    message: `${where} is empty.`,
    fix: "Set the variable that it comes from, or leave it out: 127.0.0.1.",
  });
}

/** A guard that is missing must not be a page for everybody. */
function checkPage(where: string, option: PageOption | undefined): void {
  if (option === undefined || typeof option === "boolean") return;
  checkOptions(where, option, { guard: "function" });
  requireOption(where, option, "guard", "function");
  checkChallenge(`${where}.guard`, option.guard);
}

/** One that `node:http` can't send would leave whoever asks without any answer (RFC 9110 §5.5). */
function checkChallenge(where: string, guard: Guard | undefined): void {
  const challenge: unknown = guard?.challenge;
  if (challenge === undefined || (typeof challenge === "string" && /^[\x20-\x7e]+$/.test(challenge))) return;
  throw new ConfigError("invalid_challenge", {
    message: `${where} has a \`challenge\` that is no header.`,
    fix: 'Write it like Basic realm="operators", in ASCII.',
  });
}
