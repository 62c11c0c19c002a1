import type { IncomingMessage } from "node:http";
import type { Closed } from "../../client/node.js";
import { hasCodeForm, isRefusalReason, refusals, wordsOf } from "../../protocol/index.js";
import { visibleText } from "../visible-text.js";
import { nameOf } from "./address.js";
import { Trouble } from "./trouble.js";

/** Why no connection could be made, as `ws` and Node tell it. */
export function troubleOfDial(error: Error, url: URL): Trouble {
  const { code = "" } = error as NodeJS.ErrnoException; // which a failed connect is
  const where = nameOf(url);
  if (code === "ECONNREFUSED") {
    return new Trouble("unreachable", `Nothing listens at ${where}.`, "Is the server running, and is it this port?");
  }
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return new Trouble("unreachable", `There is no host ${url.hostname}.`, "Look at the name, and at the network.");
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(code)) {
    const fix = "Where the certificate is your own, name the file of whoever signed it: NODE_EXTRA_CA_CERTS=ca.pem.";
    return new Trouble("untrusted_certificate", `The certificate of ${where} is not trusted: ${error.message}.`, fix);
  }
  if (code === "EPROTO" || /SSL|TLS/.test(code)) {
    return new Trouble(
      "no_tls",
      `There is no TLS at ${where}.`,
      "Say ws:// or http:// in the place of wss:// or https://.",
    );
  }
  if (/subprotocol/.test(error.message)) {
    const fix = "Is it a Tidings endpoint? With --raw any WebSocket server can be talked to.";
    return new Trouble("not_tidings", `What listens at ${where} does not speak tidings.v1.`, fix);
  }
  return new Trouble("unreachable", `No connection to ${where}: ${visibleText(error.message || code)}.`);
}

/** What broke a connection that was there. */
export function troubleOfLine({ message }: Error): Trouble {
  return new Trouble("connection_lost", `The line broke: ${visibleText(message)}.`);
}

/** Why a server has answered by HTTP, and not with a connection. */
export function troubleOfAnswer({ statusCode = 0, headers }: IncomingMessage, body: string): Trouble {
  const { code, message } = readRefusal(body);
  if (code !== undefined)
    return new Trouble(code, visibleText(message ?? wordsOf({ code, message: code })), adviceFor(code));
  const { location } = headers;
  if (location !== undefined && statusCode >= 300 && statusCode < 400) {
    return new Trouble("redirected", `The server answers that it is at ${visibleText(location)}.`, "Say that address.");
  }
  const fix = STATUS_ADVICE[statusCode];
  return new Trouble("refused", `The server answers with HTTP ${statusCode} and makes no connection.`, fix);
}

/** Why a connection ended. */
export function troubleOfClose({ code, reason }: Closed): Trouble {
  if (code === 1006 && reason === "timeout") {
    const fix = "Where it is slow, give it longer: --timeout 30s. An endpoint of raw frames is talked to with --raw.";
    return new Trouble("timeout", "The server did not say in time that we are in.", fix);
  }
  if (code === 1006) {
    return new Trouble("connection_lost", reason === "silent" ? "The server has fallen silent." : "The line was cut.");
  }
  const how = `It closed with ${code}${reason === "" ? "" : ` ${visibleText(reason)}`}.`;
  if (!hasCodeForm(reason)) return new Trouble(`closed_${code}`, how);
  const message = isRefusalReason(reason) ? `${refusals[reason].message} ${how}` : how;
  return new Trouble(reason, message, adviceFor(reason));
}

/** A refusal of ours in HTTP (PROTOCOL.md, Refusing and closing). */
function readRefusal(body: string): { readonly code?: string; readonly message?: string | undefined } {
  try {
    const { code, message } = JSON.parse(body);
    if (typeof code !== "string" || !hasCodeForm(code)) return {};
    return { code, message: typeof message === "string" ? message : undefined };
  } catch {
    return {};
  }
}

const STATUS_ADVICE: Readonly<Record<number, string>> = {
  401: "It wants to know who you are: --token, or --header.",
  403: "It may want another Origin: --header 'Origin: https://app.example'.",
  404: "Is there an endpoint at this path?",
  426: "It speaks no WebSocket at this path, or a proxy before it hands on no `Upgrade`.",
};

/** What helps against a refusal, where something does. */
function adviceFor(code: string): string | undefined {
  return Object.hasOwn(ADVICE, code) ? ADVICE[code] : undefined;
}

const ADVICE: Readonly<Record<string, string>> = {
  unauthorized:
    "Say who you are: --token \"$(tidings token alice)\", or --as alice, with the secret that the server has and the --claims that it asks for. An endpoint that takes its token elsewhere: --header 'Authorization: Bearer …', or ?token= in the address.",
  token_expired: "Make a new one: tidings token alice.",
  forbidden: "Another user may: --as, or --token.",
  origin_not_allowed: "Come as a page that is listed: --header 'Origin: https://app.example'.",
  not_found: "The server's /docs, and tidings asyncapi, list its endpoints.",
  bad_request: "Look at the params and the query of the address; the server's /docs has them.",
  message_too_big: "The server says how big a message may be: limits.messageSize.",
  rate_limited: "Say less at a time, or raise limits.messages.",
  unavailable: "Something that the server needs is away; its log says what.",
  internal: "The server's log says what went wrong.",
};
