import { useState } from "react";
import { type ClientFor, connect } from "tidings/client";
import { TidingsProvider } from "tidings/react";
import type { live } from "../live.js";
import { Journal } from "./journal.js";
import { Lobby } from "./lobby.js";
import { tokenOfLink, visitor } from "./visit.js";

/** What all of the page speaks through: one connection. */
export type LiveClient = ClientFor<typeof live>;

/** The page, from its first dial on. A client that has closed for good is followed by another when somebody says so. */
export function Showcase() {
  const [attempt, setAttempt] = useState(1);
  return (
    <Journal>
      <TidingsProvider key={attempt} connect={dial}>
        <Lobby onDial={() => setAttempt(attempt + 1)} />
      </TidingsProvider>
    </Journal>
  );
}

function dial(): LiveClient {
  return connect<typeof live>("/ws", { token: tokenOfLink(), query: { visitor } });
}
