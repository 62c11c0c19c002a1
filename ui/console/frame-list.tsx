import { type Signal, useSignal } from "@preact/signals";
import type { JSX, RefObject } from "preact";
import { useId, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { Icon } from "../shared/icon.js";
import { bytesText, countText } from "../shared/quantity.js";
import { CopyButton, copyText } from "./clipboard.js";
import { type Frame, prettyText } from "./frame-log.js";
import { FrameView } from "./frame-view.js";
import type { Session } from "./session.js";

const ROW_PX = 26;
/** Rows beyond what is seen, so that nothing flickers. */
const SPARE_ROWS = 8;

/** The frames of a connection. Only the rows that are seen are on the page, and it follows the newest until one looks back. */
export function FrameList({ session }: { readonly session: Session }): JSX.Element {
  const id = useId();
  const view = useMemo(() => new FrameView(session.log), [session]);
  const top = useSignal(0);
  const height = useSignal(300);
  const scroller = useRef<HTMLDivElement>(null);
  session.version.value; // shown anew with what is logged
  const shown = view.shown;
  const selected = view.selected.value;
  const isHeld = view.held.value !== undefined;
  useFollowing(scroller, view, height);

  const clear = () => {
    session.clearLog();
    view.leave();
    view.follow();
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isKnown = view.press(event.key, Math.max(1, Math.floor(height.value / ROW_PX) - 1));
    if (isKnown) reveal(scroller.current, view.selectedIndex);
    else if (event.key === "x") clear();
    else if (event.key === "c" && selected !== undefined) void copyText(prettyText(selected));
    else return;
    event.preventDefault();
  };
  const first = Math.max(0, Math.min(Math.floor(top.value / ROW_PX), shown.length) - SPARE_ROWS);
  const rows = shown.slice(first, first + Math.ceil(height.value / ROW_PX) + 2 * SPARE_ROWS);
  return (
    <div class="frames">
      <FrameTools view={view} onClear={clear} />
      <div
        class="scroller"
        ref={scroller}
        role="listbox"
        tabIndex={0}
        aria-label={`Frames of ${session.name.value}`}
        aria-activedescendant={selected === undefined ? undefined : `${id}-${selected.sequence}`}
        onScroll={({ currentTarget }) => {
          top.value = currentTarget.scrollTop;
          view.scrolled(isAtEnd(currentTarget));
        }}
        onKeyDown={pressed}
      >
        <div role="presentation" style={{ height: `${shown.length * ROW_PX}px` }}>
          <div role="presentation" style={{ transform: `translateY(${first * ROW_PX}px)` }}>
            {rows.map((frame, index) => (
              <FrameRow
                key={frame.sequence}
                id={`${id}-${frame.sequence}`}
                frame={frame}
                position={first + index + 1}
                size={shown.length}
                isSelected={frame.sequence === selected?.sequence}
                onSelect={() => view.select(first + index)}
              />
            ))}
          </div>
        </div>
        {shown.length === 0 && <p class="quiet empty">No frames{view.words.value === "" ? " yet" : " like that"}.</p>}
      </div>
      {isHeld && (
        <button type="button" class="plain behind" onClick={() => view.follow()}>
          {view.missed === 0 ? "Follow" : `${countText(view.missed)} newer: follow`}
        </button>
      )}
      {selected !== undefined && <FrameDetail frame={selected} onClose={() => view.leave()} />}
    </div>
  );
}

/** Stays at the newest, whatever comes and however high the list is, unless it is held. */
function useFollowing(scroller: RefObject<HTMLDivElement | null>, view: FrameView, height: Signal<number>): void {
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element !== null && view.held.value === undefined) element.scrollTop = element.scrollHeight;
  });
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const watch = new ResizeObserver(() => {
      height.value = element.clientHeight;
      if (view.selected.peek() !== undefined) reveal(element, view.selectedIndex);
    });
    watch.observe(element);
    return () => watch.disconnect();
  }, [scroller, view, height]);
}

function FrameTools({ view, onClear }: { readonly view: FrameView; readonly onClear: () => void }): JSX.Element {
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
      <label class="tick">
        <input
          type="checkbox"
          checked={view.hidesHeartbeat.value}
          onChange={({ currentTarget }) => {
            view.hidesHeartbeat.value = currentTarget.checked;
          }}
        />
        no pings
      </label>
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

interface RowProps {
  readonly id: string;
  readonly frame: Frame;
  readonly position: number;
  readonly size: number;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
}

function FrameRow({ id, frame, position, size, isSelected, onSelect }: RowProps): JSX.Element {
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

function FrameDetail({ frame, onClose }: { readonly frame: Frame; readonly onClose: () => void }): JSX.Element {
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

function isAtEnd({ scrollHeight, scrollTop, clientHeight }: HTMLElement): boolean {
  return scrollHeight - scrollTop - clientHeight < ROW_PX;
}

function reveal(scroller: HTMLElement | null, index: number): void {
  if (scroller === null || index < 0) return;
  const above = index * ROW_PX;
  const below = above + ROW_PX - scroller.clientHeight;
  if (scroller.scrollTop > above) scroller.scrollTop = above;
  else if (scroller.scrollTop < below) scroller.scrollTop = below;
}

/** Like `12:03:04.567`, of the reader's own day. */
function timeOf(ms: number): string {
  const at = new Date(ms);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${day}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

function lineOf({ atMs, direction, text }: Frame): string {
  return `${new Date(atMs).toISOString()} ${direction} ${text}`;
}
