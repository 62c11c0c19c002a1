import { type Signal, useSignal } from "@preact/signals";
import type { JSX, RefObject } from "preact";
import { useId, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { countText } from "../shared/quantity.js";
import { copyText } from "./clipboard.js";
import { type Frame, prettyText } from "./frame-log.js";
import { FrameDetail, FrameRow } from "./frame-row.js";
import { FrameTools } from "./frame-tools.js";
import { FrameView } from "./frame-view.js";
import { framesAnchor } from "./frames-link.js";
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
  return (
    <div class="frames">
      <FrameTools view={view} onClear={clear} />
      <div
        class="scroller"
        ref={scroller}
        id={framesAnchor(session)}
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
        <Rows
          id={id}
          shown={shown}
          selected={selected}
          first={first}
          count={Math.ceil(height.value / ROW_PX) + 2 * SPARE_ROWS}
          onSelect={(index) => view.select(index)}
        />
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

interface RowsProps {
  /** What their ids begin with. */
  readonly id: string;
  readonly shown: readonly Frame[];
  readonly selected: Frame | undefined;
  readonly first: number;
  readonly count: number;
  readonly onSelect: (index: number) => void;
}

/** Those that are seen, at their place in a list that is as high as if all were there. */
function Rows({ id, shown, selected, first, count, onSelect }: RowsProps): JSX.Element {
  const rows = shown.slice(first, first + count);
  return (
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
            onSelect={() => onSelect(first + index)}
          />
        ))}
      </div>
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
