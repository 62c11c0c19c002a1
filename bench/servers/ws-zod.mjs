// `ws`, with what comes and goes validated by zod.
import { z } from "zod";
import { createWsServer } from "./ws-server.mjs";

const text = z.object({ text: z.string().min(1).max(5_000) });
const message = z.discriminatedUnion("type", [
  z.object({ type: z.literal("say"), payload: text }),
  z.object({ type: z.literal("echo"), id: z.number(), payload: text }),
]);

createWsServer({ read: (json) => message.parse(JSON.parse(json)), check: (payload) => text.parse(payload) });
