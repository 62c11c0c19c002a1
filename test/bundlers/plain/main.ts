import { connect } from "tidings/client";
import type { room } from "../room.js";

const client = connect<typeof room>("/ws/rooms/lobby");
client.on("said", ({ text }) => {
  document.body.textContent = text;
});
client.send("say", { text: "hello" });
