import { Fragment, type JSX } from "preact";
import { useRef } from "preact/hooks";
import { Icon } from "../shared/icon.js";

const shortcuts: readonly (readonly [string, string])[] = [
  ["Ctrl+K", "filter the endpoints; Enter opens the first, ↓ goes into the list"],
  ["Ctrl+Enter", "in a form: send it"],
  ["Alt+1 … Alt+9", "speak by that connection"],
  ["↑ ↓ PageUp PageDown Home End", "in the frames: choose one, and see all of it"],
  ["C", "in the frames: copy it"],
  ["P", "in the frames: pause, and follow again"],
  ["X", "in the frames: clear them"],
  ["Escape", "in the frames: leave the one that is chosen"],
];

/** A button that tells which keys do what. */
export function Shortcuts(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button type="button" class="round" aria-label="Keys" title="Keys" onClick={() => dialog.current?.showModal()}>
        <Icon of="keyboard" />
      </button>
      <dialog ref={dialog} aria-labelledby="keys-title">
        <form method="dialog" class="stack">
          <h2 id="keys-title">Keys</h2>
          <dl class="facts">
            {shortcuts.map(([keys, what]) => (
              <Fragment key={keys}>
                <dt>{keys}</dt>
                <dd>{what}</dd>
              </Fragment>
            ))}
          </dl>
          <div>
            <button type="submit">Close</button>
          </div>
        </form>
      </dialog>
    </>
  );
}
