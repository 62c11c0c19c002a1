import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { Choice } from "../shared/choice.js";
import { type EndpointDoc, pagePlacesOf, shownType } from "./api.js";
import { CopyButton } from "./clipboard.js";
import { type Desk, readEntry } from "./desk.js";
import { heardBy } from "./heard-channels.js";
import type { MessageState } from "./message-state.js";
import type { Session } from "./session.js";
import { type SnippetLanguage, snippetOf } from "./snippet.js";
import type { Task } from "./snippet-task.js";

const languages: readonly (readonly [SnippetLanguage, string])[] = [
  ["client", "Our client"],
  ["browser", "Browser"],
  ["python", "Python"],
];

/** The same in code: with the params and the message as they are filled in, and a placeholder for the token. */
export function SnippetCard({ desk, endpoint }: { readonly desk: Desk; readonly endpoint: EndpointDoc }): JSX.Element {
  const id = useId();
  const offered = languages.filter(([language]) => canDo(language, endpoint));
  const language = useSignal<SnippetLanguage>(offered[0]?.[0] ?? "python");
  const [first] = endpoint.says;
  const type = useSignal(first === undefined ? "" : shownType(first));
  const task = taskOf(desk, endpoint, type.value);
  const text = snippetOf(language.value, task);
  const couldSubscribe = endpoint.channels.some(({ subscribe }) => subscribe !== "no");
  return (
    <section class="card stack" aria-labelledby={`${id}-title`}>
      <div class="head">
        <h3 id={`${id}-title`}>In code</h3>
        <div class="row">
          {endpoint.says.length > 1 && (
            <select
              class="short"
              aria-label="The message in it"
              value={type.value}
              onChange={({ currentTarget }) => {
                type.value = currentTarget.value;
              }}
            >
              {endpoint.says.map((message) => (
                <option key={shownType(message)}>{shownType(message)}</option>
              ))}
            </select>
          )}
          <Choice
            legend="Language"
            options={offered}
            value={language.value}
            onChange={(each) => {
              language.value = each;
            }}
          />
        </div>
      </div>
      <figure class="snippet">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard, in every browser */}
        <section class="sample" aria-label="The code" tabIndex={0}>
          <pre>{text}</pre>
        </section>
        <CopyButton label="Copy the code" text={() => text} />
      </figure>
      {couldSubscribe && task.channel === undefined && (
        <small>Subscribe to a channel above, and the code does so too.</small>
      )}
    </section>
  );
}

/** Our client speaks messages; and only a program that is no page sends a header. */
function canDo(language: SnippetLanguage, { kind, isOutOfReach }: EndpointDoc): boolean {
  return language === "python" || (!isOutOfReach && !(kind === "frames" && language === "client"));
}

function taskOf(desk: Desk, endpoint: EndpointDoc, type: string): Task {
  const { params: given, query, server, place } = readEntry(endpoint, desk.entryOf(endpoint));
  // What nobody has filled in is called what it is.
  const params = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value === "" ? name : value]));
  const doc = endpoint.says.find((message) => shownType(message) === type);
  const session = desk.speaker.value;
  session?.version.value; // shown anew with what is heard
  return {
    endpoint,
    server,
    params,
    query,
    place: pagePlacesOf(endpoint).length > 0 ? place : endpoint.isOutOfReach ? "header" : undefined,
    message: doc && messageOf(desk.messageOf(endpoint, doc), session),
    ...heardBy(endpoint, session?.book.standings ?? []),
  };
}

/** As it is filled in, or as its example has it. */
function messageOf(state: MessageState, session: Session | undefined): Task["message"] {
  const { example } = state.doc;
  const type = state.type.value;
  const answer = state.answer.value;
  const reply = typeof answer === "object" ? answer.message?.payload : undefined;
  return {
    type,
    payload: state.reading().value ?? example ?? {},
    beginsTask: session?.book.hasTask(reply) ?? false,
  };
}
