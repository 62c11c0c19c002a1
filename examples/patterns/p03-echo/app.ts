import { createApp, rawEndpoint } from "tidings";

const echo = rawEndpoint("/ws/echo", {
  text({ connection }, text) {
    connection.send(text);
  },
  binary({ connection }, bytes) {
    connection.send(bytes);
  },
});

/** The same as a loop, for who would rather read it so. */
const loop = rawEndpoint("/ws/loop", {
  async run({ connection }) {
    for await (const frame of connection.frames()) connection.send(frame);
  },
});

export const app = createApp({ endpoints: [echo, loop] });
