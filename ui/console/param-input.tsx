import type { JSX } from "preact";
import type { ParamDoc } from "./api.js";
import { paramProblem } from "./dial.js";

interface ParamProps {
  readonly param: ParamDoc;
  readonly id: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A param of a path, or of a channel's name: always a text. */
export function ParamInput({ param: { name, description, choices }, id, value, onChange }: ParamProps): JSX.Element {
  const problem = paramProblem(value);
  const shared = { id, value, "aria-describedby": `${id}-hint`, "aria-invalid": problem !== undefined };
  return (
    <div class="field">
      <label for={id}>{name}</label>
      {choices === undefined ? (
        <input {...shared} autocomplete="off" onInput={({ currentTarget }) => onChange(currentTarget.value)} />
      ) : (
        <select {...shared} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      )}
      <small id={`${id}-hint`} class={problem === undefined ? "" : "problem"}>
        {problem ?? description ?? ""}
      </small>
    </div>
  );
}
