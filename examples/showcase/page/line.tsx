import { useEffect, useState } from "react";
import { useStatus } from "tidings/react";
import { inWords, useEnd } from "./connection.js";
import { Countdown } from "./countdown.js";
import { JournalList, useJournal } from "./journal.js";
import { post } from "./post.js";
import type { LiveClient } from "./showcase.js";
import { visitor } from "./visit.js";

/** The connection, and a switch that has the server cut it, to see what the client does then. */
export function Line({ client }: { readonly client: LiveClient }) {
  const [isCut, setIsCut] = useState(false);
  const status = useStatus(client);
  const end = useEnd(client);
  const write = useJournal();
  useStatusNotes(client);

  async function toggle(): Promise<void> {
    const refusal = await post("/line", { visitor, isCut: !isCut });
    if (refusal !== undefined) return write(refusal);
    setIsCut(!isCut);
    if (isCut) client.reconnect();
  }

  return (
    <section className="line card" aria-labelledby="line-title">
      <div className="head">
        <h2 id="line-title">Connection</h2>
        <button type="button" role="switch" aria-checked={isCut} className="switch" onClick={() => void toggle()}>
          Cut the line
        </button>
      </div>
      {status === "open" || end === undefined ? (
        <p className="quiet">One WebSocket for all of this page. Cut it, let things happen, and mend it.</p>
      ) : (
        <div className="why">
          <p>
            {inWords(end)} {status === "waiting" && <Countdown client={client} />}
          </p>
          {status === "waiting" && (
            <button type="button" className="quiet" onClick={() => client.reconnect()}>
              Now
            </button>
          )}
        </div>
      )}
      <JournalList />
    </section>
  );
}

/** Notes that the connection was lost, and that it is back; not each dial in between. */
function useStatusNotes(client: LiveClient): void {
  const write = useJournal();
  useEffect(() => {
    let dials = 0;
    write("Connected.");
    return client.onStatus((status, why) => {
      if (status === "connecting") dials += 1;
      else if (status === "open") write(dials > 1 ? `Connected again, at dial ${dials}.` : "Connected again.");
      else if (why !== undefined && (dials === 0 || status === "closed")) write(inWords(why));
      if (status === "open") dials = 0;
    });
  }, [client, write]);
}
