/** The element with this id. @throws where the page has none of this kind */
export function find<Kind extends Element>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`The page has no ${kind.name} #${id}.`);
}

/** A new element with a class and what is in it. Text is text, never HTML. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className: string,
  ...content: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.className = className;
  made.append(...content);
  return made;
}

/** Takes an element off the page. Who goes by the keyboard and was on it goes on at `place`. */
export function remove(element: Element | null, place: HTMLElement): void {
  if (element?.contains(document.activeElement)) place.focus();
  element?.remove();
}
