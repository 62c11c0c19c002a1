import { hueOf } from "./hue.js";
import type { Me } from "./lobby.js";
import { Log } from "./log.js";
import { RoomForm } from "./room-form.js";
import { SayForm } from "./say-form.js";
import type { LiveClient } from "./showcase.js";
import { useTalk } from "./talk.js";
import { useTyping } from "./typing.js";

interface ChatProps {
  readonly client: LiveClient;
  readonly me: Me;
  readonly room: string;
  /** Somebody has just gone there, to say something. */
  readonly isChosen: boolean;
  readonly onRoom: (room: string) => void;
}

/** One room: what was said, who is here, and who is writing. */
export function Chat({ client, me, room, isChosen, onRoom }: ChatProps) {
  const { lines, waiting, problem, isLive, members, say } = useTalk(client, me, room);
  const { names, tell } = useTyping(client, room);
  return (
    <section className="chat card" aria-labelledby="chat-title">
      <div className="head">
        <h1 id="chat-title">{room}</h1>
        <RoomForm onRoom={onRoom} />
      </div>
      <div className="here">
        <p role="status">{isLive ? `You are in ${room} as ${me.name}` : `Not in ${room} at the moment`}</p>
        <ul aria-label="Who is here">
          {members.map(({ id, name }) => (
            <li key={id} className="face" data-hue={hueOf(id)}>
              {name}
            </li>
          ))}
        </ul>
      </div>
      <Log lines={lines} waiting={waiting} me={me} />
      <p className="typing">
        {names.length > 0 && `${listFormat.format(names)} ${names.length > 1 ? "are" : "is"} writing…`}
      </p>
      <SayForm isFocused={isChosen} onSay={say} onType={tell} />
      <p role="alert" className="problem">
        {problem}
      </p>
    </section>
  );
}

const listFormat = new Intl.ListFormat("en", { type: "conjunction" });
