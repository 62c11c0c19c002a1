import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface PageProps {
  readonly title: string;
  /** What of its kind it is: another one is another page. */
  readonly of?: string;
  readonly children: ComponentChildren;
}

let isFirst = true;

/** One place of the dashboard. Who comes to it by a link is at its heading, as on a page that was loaded. */
export function Page({ title, of = "", children }: PageProps): JSX.Element {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // Of several apps each has its own tab.
    document.title = `${title} · Dashboard · ${location.host}`;
  }, [title]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: with another one it is another page.
  useEffect(() => {
    if (!isFirst) heading.current?.focus();
    isFirst = false;
  }, [of]);
  return (
    <main id="main" class="stack">
      <h1 tabIndex={-1} ref={heading}>
        {title}
      </h1>
      {children}
    </main>
  );
}
