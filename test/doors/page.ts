// What a page has: the types of Node are not there, and of the server only types are.
import { createElement, type ReactElement, useState } from "react";
import { type ClientFor, connect, type Status, TidingsError } from "tidings/client";
import { closeCodes } from "tidings/protocol";
import { TidingsProvider, useClient, useMessage, useStatus } from "tidings/react";
import type { room } from "./room.js";

const dial = (): ClientFor<typeof room> =>
  connect<typeof room>("/ws/rooms/lobby", { token: () => "ana", timeout: "5s" });

function Said(): ReactElement {
  const [last, setLast] = useState("nothing yet");
  const client = useClient<typeof room>();
  const status: Status = useStatus(client);
  useMessage(client, "said", ({ text }, { channel }) => setLast(`${channel}: ${text}`));
  const say = async (): Promise<number | undefined> => {
    try {
      return (await client?.request("say", { text: "hi" }))?.length;
    } catch (error) {
      return error instanceof TidingsError ? error.retryAfterMs : closeCodes.goingAway.code;
    }
  };
  return createElement("button", { type: "button", onClick: say, title: status }, last);
}

document.title = "Said";
export const page: ReactElement = createElement(TidingsProvider, { connect: dial }, createElement(Said));
