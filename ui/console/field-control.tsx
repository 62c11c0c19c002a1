import type { JSX } from "preact";
import type { Draft } from "./draft.js";
import type { Field } from "./form-model.js";

export interface ControlProps {
  readonly field: Field;
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  /** What every kind of control has. */
  readonly shared: {
    readonly id: string;
    readonly "aria-invalid": boolean;
    readonly "aria-describedby": string | undefined;
  };
}

/** What one value is put in with: a tick, a choice, a line or several. */
export function FieldControl({ field, draft, onChange, shared }: ControlProps): JSX.Element {
  if (draft.kind === "flag") {
    const flip = (isOn: boolean) => onChange({ kind: "flag", isOn });
    const isOn = draft.isOn;
    return (
      <input {...shared} type="checkbox" checked={isOn} onChange={({ currentTarget }) => flip(currentTarget.checked)} />
    );
  }
  if (field.kind === "choice" && draft.kind === "choice") {
    const choose = (index: number) => onChange({ kind: "choice", index });
    return (
      <select {...shared} value={draft.index} onChange={({ currentTarget }) => choose(Number(currentTarget.value))}>
        {field.options.map((option, index) => (
          <option key={shownText(option)} value={index}>
            {shownText(option)}
          </option>
        ))}
      </select>
    );
  }
  if (draft.kind === "text" || draft.kind === "number" || draft.kind === "json") {
    const write = (text: string) => onChange({ kind: draft.kind, text });
    return <TextControl field={field} text={draft.text} onWrite={write} shared={shared} />;
  }
  return <input {...shared} readOnly value={field.kind === "constant" ? shownText(field.value) : ""} />;
}

interface TextProps extends Pick<ControlProps, "field" | "shared"> {
  readonly text: string;
  readonly onWrite: (text: string) => void;
}

function TextControl({ field, text, onWrite, shared }: TextProps): JSX.Element {
  const isJson = field.kind === "json";
  const written = {
    ...shared,
    value: text,
    onInput: ({ currentTarget }: { readonly currentTarget: { readonly value: string } }) =>
      onWrite(currentTarget.value),
  };
  if (isJson || (field.kind === "text" && field.isLong)) {
    const rows = Math.min(12, Math.max(2, text.split("\n").length));
    return <textarea {...written} class={isJson ? "code" : ""} rows={rows} spellcheck={!isJson} />;
  }
  if (field.kind === "text" && field.format === "date-time") {
    return (
      <div class="joined">
        <input {...written} autocomplete="off" />
        <button type="button" class="quiet" onClick={() => onWrite(new Date().toISOString())}>
          Now
        </button>
      </div>
    );
  }
  return <input {...written} inputMode={keyboardOf(field)} autocomplete="off" />;
}

/** Which keys a phone shows. The browser checks nothing: that is the server's to do. */
function keyboardOf(field: Field): "text" | "numeric" | "decimal" | "email" | "url" {
  if (field.kind === "number") return field.isInteger ? "numeric" : "decimal";
  if (field.kind !== "text") return "text";
  return field.format === "email" ? "email" : field.format === "uri" ? "url" : "text";
}

function shownText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
