import { enter } from "./client.js";

const client = enter(process.argv[2] ?? "ws://127.0.0.1:8000", console.log);
client.send("say", { text: "hello" }); // waits until it is open
