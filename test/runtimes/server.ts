// A server whose lines can be cut. It prints its address, and who left it how.
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { channel, createApp, endpoint } from "tidings";
import { bearer } from "tidings/auth";
import { startWorkerTask, tasks } from "tidings/tasks";
import { z } from "zod";

const said = { events: { said: z.object({ text: z.string() }) }, history: { size: 10, ttl: "1m" } } as const;
const chat = channel("chat/:room", said);
const news = channel("news", { ...said, allow: { subscribe: true } });

const user = bearer({ verify: (token) => (token === "ana" ? { id: token } : undefined) });

export const room = endpoint("/ws/rooms/:room", {
  auth: user,
  receives: { say: z.object({ text: z.string() }), cut: z.object({ text: z.string() }), count: z.object({}) },
  channels: [chat, news, tasks],
  open: ({ connection, params, user }) => connection.join(chat(params), tasks({ user: user.id })),
  on: {
    async say({ params }, { text }) {
      await say(params.room, text);
      return { length: text.length };
    },
    async cut({ params }, { text }) {
      for (const socket of sockets) socket.destroy();
      await say(params.room, text);
    },
    count: ({ app, user }) =>
      startWorkerTask<number>(app, user.id, new URL("./count.js", import.meta.url), { to: 100 }),
  },
  close: (_, { code, reason }) => console.log(`left with ${code} ${reason}`),
});

/** Puts out whoever comes. */
export const wall = endpoint("/ws/wall", { open: ({ connection }) => connection.close(4001, "not today") });

const sockets = new Set<Socket>();
const app = createApp({ endpoints: [room, wall] });
const server = createServer();
server.on("connection", (socket) => {
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
});
app.attach(server);
server.on("request", (request, response) => app.http(request, response));
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)); // it listens on a port

// Where a signal can't be sent, the end of its input can.
process.stdin.resume().once("end", () => {
  server.close();
  void app.close().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
});

async function say(roomName: string, text: string): Promise<void> {
  await app.publish(chat({ room: roomName }), "said", { text });
  await app.publish(news(), "said", { text });
}
