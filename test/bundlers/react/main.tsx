import { useState } from "react";
import { createRoot } from "react-dom/client";
import { connect } from "tidings/client";
import { TidingsProvider, useClient, useMessage, useStatus } from "tidings/react";
import type { room } from "../room.js";

const root = document.getElementById("root");
if (root === null) throw new Error("The page has no #root.");
createRoot(root).render(
  <TidingsProvider connect={() => connect<typeof room>("/ws/rooms/lobby")}>
    <Room />
  </TidingsProvider>,
);

function Room() {
  const client = useClient<typeof room>();
  const status = useStatus(client);
  const [heard, setHeard] = useState("nothing yet");
  useMessage(client, "said", ({ text }) => setHeard(text));
  return (
    <button type="button" disabled={status !== "open"} onClick={() => client?.send("say", { text: "hello" })}>
      {heard}
    </button>
  );
}
