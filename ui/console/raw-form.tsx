import { type Signal, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { Choice } from "../shared/choice.js";
import { type BytesForm, parseBytes } from "./bytes.js";
import { sendByKey } from "./send-key.js";
import type { Session } from "./session.js";

type Form = "text" | BytesForm;

const forms: readonly (readonly [Form, string])[] = [
  ["text", "Text"],
  ["hex", "Hex"],
  ["base64", "Base64"],
];

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
      onKeyDown={sendByKey}
    >
      <div class="head">
        <h3 id={`${id}-title`}>A frame</h3>
        <Choice
          legend="Written as"
          options={forms}
          value={form.value}
          onChange={(each) => {
            form.value = each;
          }}
        />
      </div>
      <FrameInput id={id} form={form.value} text={text} problem={problem.value} />
      <div class="row">
        <button type="submit" disabled={!isOpen}>
          Send
        </button>
        {!isOpen && <small>Connect first.</small>}
      </div>
    </form>
  );
}

interface FrameInputProps {
  readonly id: string;
  readonly form: Form;
  readonly text: Signal<string>;
  readonly problem: string | undefined;
}

function FrameInput({ id, form, text, problem }: FrameInputProps): JSX.Element {
  return (
    <div class="field">
      <textarea
        class="code"
        rows={3}
        spellcheck={false}
        aria-label={`Frame as ${form}`}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-problem`}
        value={text.value}
        onInput={({ currentTarget }) => {
          text.value = currentTarget.value;
        }}
      />
      <p class="problem" id={`${id}-problem`} role="status">
        {problem}
      </p>
    </div>
  );
}
