import { act, createElement, type ReactNode, StrictMode } from "react";
import { createRoot, hydrateRoot, type Root } from "react-dom/client";

// React asks for it, before it takes an `act` for meant.
Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

/** A page that shows something, in strict mode: each effect is done, undone and done again. */
export class Page {
  readonly #element: Element;
  readonly #root: Root;

  private constructor(element: Element, root: Root) {
    this.#element = element;
    this.#root = root;
  }

  static async open(content: ReactNode): Promise<Page> {
    const element = document.createElement("main");
    const page = new Page(element, createRoot(element));
    await page.show(content);
    return page;
  }

  /** Opens what a server has rendered. What goes wrong with that goes to `onError`. */
  static async hydrate(html: string, content: ReactNode, onError: (error: unknown) => void): Promise<Page> {
    const element = document.createElement("main");
    element.innerHTML = html;
    return act(async () => {
      return new Page(element, hydrateRoot(element, strict(content), { onRecoverableError: onError }));
    });
  }

  get text(): string {
    return this.#element.textContent ?? "";
  }

  show(content: ReactNode): Promise<void> {
    return act(async () => this.#root.render(strict(content)));
  }

  leave(): Promise<void> {
    return act(async () => this.#root.unmount());
  }
}

/** Lets React do all that follows from it. */
export function after(happening: () => void): Promise<void> {
  return act(async () => happening());
}

function strict(content: ReactNode): ReactNode {
  return createElement(StrictMode, undefined, content);
}
