import type { Awareness } from "y-protocols/awareness";
import type * as Y from "yjs";
import { make } from "../../page/element.js";
import { indexIn } from "./text-binding.js";

/** What each page says of itself. The name is the server's word, and all else may be anything. */
interface State {
  readonly user?: { readonly name?: string };
  readonly cursor?: unknown;
}

/** Shows who is here, and the others' cursors in the text. */
export function showPeople(
  awareness: Awareness,
  text: Y.Text,
  { area, list, cursors }: { area: HTMLTextAreaElement; list: HTMLElement; cursors: HTMLElement },
): void {
  const show = () => {
    const states = [...awareness.getStates()] as [number, State][]; // what `setLocalState` was given in each page
    list.replaceChildren(
      ...states.map(([id, { user }]) =>
        coloured(make("li", "", id === awareness.clientID ? `${user?.name} (you)` : (user?.name ?? "")), id),
      ),
    );
    const others = states
      .filter(([id]) => id !== awareness.clientID)
      .flatMap(([id, { user, cursor }]) => {
        const index = indexIn(text, cursor);
        return index === undefined ? [] : [{ id, name: user?.name ?? "", index }];
      });
    cursors.replaceChildren(...withCursors(text.toString(), others));
    cursors.scrollTop = area.scrollTop;
  };
  awareness.on("change", show);
  text.observe(show);
  area.addEventListener("scroll", () => {
    cursors.scrollTop = area.scrollTop;
  });
  show();
}

interface Seen {
  readonly id: number;
  readonly name: string;
  readonly index: number;
}

/** The text, with an empty mark at each of these places. */
function withCursors(text: string, seen: readonly Seen[]): (Node | string)[] {
  const inOrder = seen.toSorted((one, other) => one.index - other.index);
  const pieces = inOrder.flatMap(({ id, name, index }, number) => {
    const mark = coloured(make("span", "cursor"), id);
    mark.dataset.name = name;
    return [text.slice(inOrder[number - 1]?.index ?? 0, index), mark];
  });
  // A last line that is empty has height only with something on it.
  return [...pieces, text.slice(inOrder.at(-1)?.index ?? 0), "\u200b"];
}

function coloured<Kind extends HTMLElement>(element: Kind, id: number): Kind {
  element.style.setProperty("--hue", String(id % 360));
  element.classList.add("person");
  return element;
}
