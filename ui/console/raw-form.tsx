import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { type BytesForm, parseBytes } from "./bytes.js";
import type { Session } from "./session.js";

type Form = "text" | BytesForm;

const formNames: Readonly<Record<Form, string>> = { text: "Text", hex: "Hex", base64: "Base64" };

interface RawFormProps {
  readonly session: Session | undefined;
  /** What stands there at first. */
  readonly initial: string;
}

/** Sends frames as they are: text, or bytes that are written as hex or base64. */
export function RawForm({ session, initial }: RawFormProps): JSX.Element {
  const id = useId();
  const form = useSignal<Form>("text");
  const text = useSignal(initial);
  const problem = useSignal<string | undefined>(undefined);
  const isOpen = session?.status.value === "open";
  function send(): void {
    problem.value = undefined;
    if (session === undefined || !isOpen) return;
    if (form.value === "text") session.sendText(text.value);
    else sendBytes(session, form.value);
  }
  function sendBytes(session: Session, form: BytesForm): void {
    const bytes = parseBytes(text.value, form);
    if (bytes !== undefined) session.sendBytes(bytes);
    else problem.value = form === "hex" ? "Pairs of hex digits are needed here." : "This is not base64.";
  }
  return (
    <form
      class="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit();
      }}
    >
      <div class="head">
        <h3 id={`${id}-title`}>A frame</h3>
        <fieldset class="choice">
          <legend class="unseen">Written as</legend>
          {(["text", "hex", "base64"] as const).map((each) => (
            <label key={each}>
              <input
                type="radio"
                name={`${id}-form`}
                checked={form.value === each}
                onChange={() => {
                  form.value = each;
                }}
              />
              <span>{formNames[each]}</span>
            </label>
          ))}
        </fieldset>
      </div>
      <div class="field">
        <textarea
          class="code"
          rows={3}
          spellcheck={false}
          aria-label={`Frame as ${form.value}`}
          aria-invalid={problem.value !== undefined}
          aria-describedby={`${id}-problem`}
          value={text.value}
          onInput={({ currentTarget }) => {
            text.value = currentTarget.value;
          }}
        />
        <p class="problem" id={`${id}-problem`} role="status">
          {problem.value}
        </p>
      </div>
      <div class="row">
        <button type="submit" disabled={!isOpen}>
          Send
        </button>
        {!isOpen && <small>Connect first.</small>}
      </div>
    </form>
  );
}
