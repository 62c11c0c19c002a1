import type { JSX } from "preact";
import { Icon } from "../shared/icon.js";
import { bytesText } from "../shared/quantity.js";
import { CopyButton } from "./clipboard.js";
import { type Frame, prettyText } from "./frame-log.js";

interface RowProps {
  readonly id: string;
  readonly frame: Frame;
  readonly position: number;
  readonly size: number;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
}

/** A frame in a line. */
export function FrameRow({ id, frame, position, size, isSelected, onSelect }: RowProps): JSX.Element {
  const { direction, type, channel, bytes, preview, atMs } = frame;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list it is in takes the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, and says which one is meant
    <div
      id={id}
      role="option"
      class="frame"
      data-direction={direction}
      data-type={type}
      aria-selected={isSelected}
      aria-posinset={position}
      aria-setsize={size}
      onClick={onSelect}
    >
      <span class="number quiet">{timeOf(atMs)}</span>
      <span class="way">
        <span aria-hidden="true">{arrows[direction]}</span>
        <span class="unseen">{direction}</span>
      </span>
      {direction === "note" ? (
        <span class="what">{preview}</span>
      ) : (
        <>
          <strong>{type}</strong>
          <span class="what code">
            {channel !== undefined && <span class="accent">{channel} </span>}
            {preview}
          </span>
          <span class="number quiet">{bytesText(bytes)}</span>
        </>
      )}
    </div>
  );
}

/** All of a frame. */
export function FrameDetail({ frame, onClose }: { readonly frame: Frame; readonly onClose: () => void }): JSX.Element {
  return (
    <section class="detail" aria-label="The frame">
      <div class="row">
        <strong>{frame.type}</strong>
        <small class="number">
          {frame.direction}, {timeOf(frame.atMs)}, {bytesText(frame.bytes)}
          {frame.isCut && ", cut"}
        </small>
        <span class="fill" />
        <CopyButton label="Copy the frame" text={() => prettyText(frame)} />
        <button type="button" class="round small" aria-label="Close the frame" onClick={onClose}>
          <Icon of="cross" />
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard, in every browser */}
      <pre tabIndex={0}>{prettyText(frame)}</pre>
    </section>
  );
}

const arrows = { in: "↓", out: "↑", note: "·" } as const;

/** Like `12:03:04.567`, of the reader's own day. */
function timeOf(ms: number): string {
  const at = new Date(ms);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${day}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}
