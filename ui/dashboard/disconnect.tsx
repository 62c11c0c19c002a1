import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useId, useRef } from "preact/hooks";
import { type Line, whyOf } from "./line.js";

interface DisconnectProps {
  readonly line: Line;
  /** The whole id. */
  readonly user: string;
}

type Outcome = "none" | "under way" | "done" | { readonly problem: string };

/** Closes all connections of a user, once somebody has said twice that they should be. */
export function Disconnect({ line, user }: DisconnectProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const outcome = useSignal<Outcome>("none");
  const title = useId();

  const disconnect = async () => {
    outcome.value = "under way";
    try {
      await line.disconnect(user);
      outcome.value = "done";
    } catch (error) {
      outcome.value = { problem: whyOf(error) };
    }
  };

  return (
    <>
      <button type="button" class="danger small" onClick={() => dialog.current?.showModal()}>
        Disconnect {user}
      </button>
      <dialog
        ref={dialog}
        aria-labelledby={title}
        onClose={({ currentTarget }) => {
          if (currentTarget.returnValue === "disconnect") void disconnect();
          currentTarget.returnValue = "";
        }}
      >
        <form method="dialog" class="stack">
          <h2 id={title}>Disconnect {user}?</h2>
          <p>
            All connections of {user}, in every process, are closed with <code>1008 forbidden</code>. Our client stays
            closed after that.
          </p>
          <p class="quiet">
            Who has a valid credential may connect again. To keep {user} out, an app says <code>app.revoke</code>.
          </p>
          <div class="row">
            <button type="submit" value="" class="quiet">
              Keep connected
            </button>
            <button type="submit" value="disconnect" class="danger">
              Disconnect
            </button>
          </div>
        </form>
      </dialog>
      <span role="status" class="quiet">
        {outcomeText(outcome.value, user)}
      </span>
    </>
  );
}

function outcomeText(outcome: Outcome, user: string): string {
  if (typeof outcome === "object") return `Not disconnected: ${outcome.problem}`;
  if (outcome === "none") return "";
  return outcome === "done" ? `All connections of ${user} were told to close.` : "Disconnecting…";
}
