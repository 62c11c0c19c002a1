import { createHmac } from "node:crypto";
import { SECRET } from "../secret.mjs";
import { maskedText } from "./frame-reader.mjs";

/**
 * What a client says after the handshake, before it counts as open.
 *
 * @typedef {{ messages: number, answer: Buffer }} Greeting
 *
 * How one says the same thing to different servers.
 * @typedef {object} Dialect
 * @property {(path: string) => string} target
 * @property {Greeting | undefined} greeting
 * @property {(type: string, payload: object) => Buffer} message
 * @property {(type: string, payload: object) => Buffer} request a message that is answered
 */

/** @type {Record<string, Dialect>} */
export const dialects = {
  json: {
    target: (path) => path,
    greeting: undefined,
    message: (type, payload) => maskedText(JSON.stringify({ type, payload })),
    request: (type, payload) => maskedText(JSON.stringify({ type, payload, id: 7 })),
  },
  socketIo: {
    target: (path) => `/socket.io/?EIO=4&transport=websocket&path=${encodeURIComponent(path)}`,
    greeting: { messages: 2, answer: maskedText("40") },
    message: (type, payload) => maskedText(`42${JSON.stringify([type, payload])}`),
    request: (type, payload) => maskedText(`427${JSON.stringify([type, payload])}`),
  },
};

/** Everyone is somebody else: one user with 500 connections is not what a server sees. */
export function headersFor(user, { compression }) {
  const headers = { Authorization: `Bearer ${signToken({ sub: user, name: user })}` };
  if (compression) {
    headers["Sec-WebSocket-Extensions"] = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
  }
  return headers;
}

function signToken(claims) {
  const iat = Math.floor(Date.now() / 1000);
  const body = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ ...claims, iat, exp: iat + 3600 })}`;
  return `${body}.${createHmac("sha256", SECRET).update(body).digest("base64url")}`;
}

function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
