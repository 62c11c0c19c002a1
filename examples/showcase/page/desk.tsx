import { useState } from "react";
import { Chat } from "./chat.js";
import { Jobs } from "./jobs.js";
import { Line } from "./line.js";
import type { Me } from "./lobby.js";
import { News } from "./news.js";
import { Prices } from "./prices.js";
import type { LiveClient } from "./showcase.js";
import { rememberRoom, roomOfLink } from "./visit.js";

/** What one sees who has been let in. */
export function Desk({ client, me }: { readonly client: LiveClient; readonly me: Me }) {
  const [{ room, isChosen }, setPlace] = useState(() => ({ room: roomOfLink(), isChosen: false }));
  return (
    <main className="desk">
      <Chat
        key={room}
        client={client}
        me={me}
        room={room}
        isChosen={isChosen}
        onRoom={(next) => {
          rememberRoom(next);
          setPlace({ room: next, isChosen: true });
        }}
      />
      <div className="side">
        <Line client={client} />
        <Prices client={client} />
        <Jobs client={client} />
        <News client={client} />
      </div>
    </main>
  );
}
