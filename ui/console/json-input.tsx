import type { JSX } from "preact";
import { idOf } from "./field-input.js";
import type { MessageState } from "./message-state.js";

/** A message as JSON, and why it is no form where that is so. */
export function JsonInput({ state, form }: { readonly state: MessageState; readonly form: string }): JSX.Element {
  const id = idOf(form, []);
  const problems = [...state.placed.value.values()].flat();
  const why = state.whyJson.value;
  const text = state.text.value;
  return (
    <div class="field">
      <label for={id}>JSON</label>
      <textarea
        id={id}
        class="code"
        rows={Math.min(16, Math.max(3, text.split("\n").length))}
        spellcheck={false}
        aria-invalid={problems.length > 0}
        aria-describedby={`${id}-hint ${id}-problem`}
        value={text}
        onInput={({ currentTarget }) => {
          state.text.value = currentTarget.value;
        }}
      />
      <small id={`${id}-hint`}>{why === undefined ? "" : `As JSON, for a form can't show it. ${why}`}</small>
      <p class="problem" id={`${id}-problem`}>
        {problems.join(" ")}
      </p>
    </div>
  );
}
