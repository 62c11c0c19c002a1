import { channel, createApp, endpoint, rawEndpoint } from "tidings";
import { z } from "zod";
import { LogRecorder } from "../../support/log-recorder.js";
import { frame, handshakeRequest } from "../../support/raw-client.js";
import { isDocumentedClose } from "../documented.js";
import { exchange } from "../exchange.js";
import { readFrames, readResponses } from "../response.js";
import { hold, type Opened, type Target } from "../target.js";

export const frames: Target = {
  about:
    "frames over TCP behind a handshake: the path, then a line each: the first byte in hex, a blank, the payload; or ~ and bytes in hex",
  words: [
    ..."/raw /messages 81 01 80 00 82 02 88 89 8a c1 41 c0 a1 91 83 8b ~8180 ~81ff ~817f ~81fe0000 ~88 ~8a".split(" "),
    ...['81 {"type":"echo","payload":1,"id":1}', "88 \u0003\u00e8bye", "88 \u0003\u00ed", "88 \u0003", "89 ", "8a "],
    ...['81 {"type":"subscribe","payload":{"channel":"chat/a"},"id":2}', "\u00c0\u0080", "\u00ed\u00a0\u0080", "ping"],
  ],
  batch: 32,
  open,
};

async function open(): Promise<Opened> {
  const errors: unknown[] = [];
  const chat = channel("chat/:room", {
    events: { said: z.unknown() },
    history: { size: 3, ttl: "1m" },
    allow: { subscribe: true },
  });
  const messages = endpoint("/messages", {
    channels: [chat],
    receives: { echo: z.unknown() },
    on: { echo: (_, given) => given },
  });
  const raw = rawEndpoint("/raw", {
    text: ({ connection }, text) => void connection.send(text),
    binary: ({ connection }, bytes) => void connection.send(bytes),
  });
  const log = new LogRecorder();
  const limits = { messageSize: "4kb", fragments: 20, close: "1s" } as const;
  const onError = (error: unknown) => void errors.push(error);
  const app = createApp({ endpoints: [messages, raw], logger: log, onError, compression: true, limits });
  const { url } = await app.listen(0, { signals: [] });
  return {
    async read(input) {
      const [path = "", ...lines] = input.toString("latin1").split("\n");
      const target = path === "/raw" ? "/raw" : "/messages";
      const heard = await exchange(url, Buffer.concat([Buffer.from(HANDSHAKE(target)), ...lines.flatMap(bytesOf)]));
      const { responses, frames: said = Buffer.alloc(0) } = readResponses(heard);
      hold(responses.length === 1 && responses[0]?.status === 101, "the handshake is done", heard.toString("latin1"));
      checkFrames(said);
      log.lines.length = 0;
      const [error] = errors.splice(0);
      hold(error === undefined, "what a client sends is no fault of the app's", error);
      const next = await exchange(
        url,
        Buffer.concat([Buffer.from(HANDSHAKE("/raw")), frame({ payload: "good" }), frame({ opcode: 8 })]),
      );
      hold(next.includes("good"), "the next good client is served");
    },
    async close() {
      await app.close();
      hold(app.stats().connections === 0, "nobody is left", app.stats());
    },
  };
}

const HANDSHAKE = (target: string) =>
  handshakeRequest(target, { headers: { "sec-websocket-extensions": "permessage-deflate" } });

function bytesOf(line: string): Buffer[] {
  if (line.startsWith("~")) return [Buffer.from(line.slice(1), "hex")];
  const first = Number.parseInt(line.slice(0, 2), 16);
  if (!(first >= 0)) return [];
  const payload = Buffer.from(line.slice(3), "latin1");
  return [frame({ opcode: first & 0x0f, isFinal: first >= 0x80, reserved: (first >> 4) & 7, payload })];
}

/** After a close frame nothing comes. */
function checkFrames(bytes: Buffer): void {
  const said = readFrames(bytes);
  for (const [index, { opcode, payload, reserved }] of said.entries()) {
    if (opcode === 1 && reserved === 0) new TextDecoder("utf-8", { fatal: true }).decode(payload);
    if (opcode !== 8) continue;
    hold(index === said.length - 1, "a close frame is the last", said.length);
    const code = payload.length === 0 ? 1005 : payload.readUInt16BE();
    // What the peer closed with it is answered with.
    const isOfPeer = code >= 3000 || [1004, 1010, 1014].includes(code);
    hold(isDocumentedClose(code) || isOfPeer, "a connection closes with a documented code", code);
    new TextDecoder("utf-8", { fatal: true }).decode(payload.subarray(2));
  }
}
