import type { JSX } from "preact";
import { Icon } from "../shared/icon.js";
import { Tick } from "../shared/tick.js";
import { CopyButton } from "./clipboard.js";
import type { Frame } from "./frame-log.js";
import type { FrameView } from "./frame-view.js";

/** What is done with a list of frames as a whole. */
export function FrameTools({ view, onClear }: { readonly view: FrameView; readonly onClear: () => void }): JSX.Element {
  const isHeld = view.held.value !== undefined;
  const word = isHeld ? "Follow" : "Pause";
  return (
    <div class="row tools">
      <input
        class="fill"
        aria-label="Filter frames"
        placeholder="Filter frames"
        value={view.words.value}
        onInput={({ currentTarget }) => {
          view.words.value = currentTarget.value;
        }}
      />
      <Tick
        label="no pings"
        isOn={view.hidesHeartbeat.value}
        onChange={(hides) => {
          view.hidesHeartbeat.value = hides;
        }}
      />
      <button
        type="button"
        class="round small"
        aria-label={word}
        title={word}
        onClick={() => (isHeld ? view.follow() : view.hold(true))}
      >
        <Icon of={isHeld ? "play" : "pause"} />
      </button>
      <CopyButton label="Copy the frames" text={() => view.shown.map(lineOf).join("\n")} />
      <button type="button" class="round small" aria-label="Clear" title="Clear" onClick={onClear}>
        <Icon of="clear" />
      </button>
    </div>
  );
}

function lineOf({ atMs, direction, text }: Frame): string {
  return `${new Date(atMs).toISOString()} ${direction} ${text}`;
}
