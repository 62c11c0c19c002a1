import type { JSX } from "preact";
import { type MessageDoc, shownType } from "./api.js";
import { Words } from "./words.js";

/** A message that is heard: what it is, an example, and its schema. */
export function MessageView({ verb, message }: { readonly verb: string; readonly message: MessageDoc }): JSX.Element {
  return (
    <details class="message">
      <summary>
        <span class="verb">{verb}</span> <code>{shownType(message)}</code>{" "}
        <Words small text={message.summary ?? message.title} />
      </summary>
      <div class="details stack">
        <Words text={message.description} />
        {message.example !== undefined && <pre class="sample">{JSON.stringify(message.example, null, 2)}</pre>}
        <details>
          <summary>Schema</summary>
          <pre class="sample">{JSON.stringify(message.schema, null, 2)}</pre>
        </details>
      </div>
    </details>
  );
}
