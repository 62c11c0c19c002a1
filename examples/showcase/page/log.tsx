import { useEffect, useRef } from "react";
import { hueOf } from "./hue.js";
import type { Me } from "./lobby.js";
import type { Line, Waiting } from "./talk.js";
import { TimeOf } from "./time-of.js";

interface LogProps {
  readonly lines: readonly Line[];
  readonly waiting: readonly Waiting[];
  readonly me: Me;
}

/** What was said. It stays at its end by its style, unless somebody has scrolled up to read. */
export function Log({ lines, waiting, me }: LogProps) {
  const log = useRef<HTMLDivElement>(null);
  // Who says something wants to see it.
  useEffect(() => {
    if (waiting.length > 0) log.current?.scrollTo({ top: 0 });
  }, [waiting]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard, in every browser
    <div className="log" role="log" aria-label="Messages" tabIndex={0} ref={log}>
      <ol>
        {lines.map((line) => (
          <LogLine key={line.key} line={line} me={me} />
        ))}
        {waiting.map(({ key, text }) => (
          <li key={key} className="said mine waiting">
            <span>{text}</span>
            <small>not sent yet</small>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** Text is shown as text: whatever somebody says, none of it becomes markup. */
function LogLine({ line, me }: { readonly line: Line; readonly me: Me }) {
  if (line.kind === "notice") {
    return (
      <li className="notice">
        <span>{line.text}</span>
      </li>
    );
  }
  const { id, from, text, at } = line;
  return (
    <li className={id === me.id ? "said mine" : "said"}>
      <strong data-hue={hueOf(id)}>{from}</strong>
      <span>{text}</span>
      <TimeOf at={at} />
    </li>
  );
}
