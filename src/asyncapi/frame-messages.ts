import type { MessageObject } from "../declare/asyncapi-document.js";
import type { SpeaksFrames } from "../declare/endpoint.js";
import type { Said } from "./said.js";

/** What is said at a raw endpoint: text and bytes, as they are. What the server sends only its app knows. */
export function frameMessages({ text, binary, run }: SpeaksFrames): readonly Said[] {
  return [
    ...(text !== undefined || run !== undefined ? [textFrame("client")] : []),
    ...(binary !== undefined || run !== undefined ? [binaryFrame("client")] : []),
    textFrame("server"),
    binaryFrame("server"),
  ];
}

function textFrame(from: "client" | "server"): Said {
  return frame(from, {
    name: "text",
    summary: from === "client" ? "Any text." : "Any text, where the app sends some.",
    contentType: "text/plain",
    payload: { type: "string" },
    examples: [{ name: "text", payload: "Hello!" }],
    "x-tidings": { role: "frame", from },
  });
}

function binaryFrame(from: "client" | "server"): Said {
  return frame(from, {
    name: "binary",
    summary: from === "client" ? "Any bytes." : "Any bytes, where the app sends some.",
    contentType: "application/octet-stream",
    payload: { type: "string", format: "binary" },
    "x-tidings": { role: "frame", from },
  });
}

function frame(from: "client" | "server", message: MessageObject): Said {
  const keys = [message.name, `${message.name}.${from}`] as const;
  return { keys, componentKeys: keys, message };
}
