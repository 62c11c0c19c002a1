// "*" stands for any type that is not declared by its name.
import { type App, channel, endpoint } from "tidings";
import type { ClientFor } from "tidings/client";
import { z } from "zod";
import { is } from "./is.js";

const chat = channel("chat/:room", {
  events: { said: z.object({ text: z.string() }), "*": z.object({ at: z.number() }) },
});

export const room = endpoint("/ws", {
  channels: [chat],
  receives: { say: z.object({ text: z.string() }), "*": z.unknown() },
  on: {
    say: (_, { text }) => text.length,
    "*": (_, payload, type) => {
      is<unknown>()(payload);
      is<string>()(type);
      return null;
    },
  },
});

export async function publish(app: App): Promise<void> {
  await app.publish(chat({ room: "a" }), "said", { text: "hi" });
  await app.publish(chat({ room: "a" }), "anything", { at: 1 });
  // @ts-expect-error
  await app.publish(chat({ room: "a" }), "said", { at: 1 });
  // @ts-expect-error
  await app.publish(chat({ room: "a" }), "anything", { text: "hi" });
}

export async function talk(client: ClientFor<typeof room>): Promise<void> {
  is<number>()(await client.request("say", { text: "hi" }));
  client.on("said", ({ text }) => text.length);
  client.on("moved", ({ at }) => at + 1);
  client.send("whatever", { of: "any shape" });
}
