import type { JSX } from "preact";
import { useId } from "preact/hooks";

interface ChoiceProps<Value extends string> {
  /** What is chosen, for who does not see it. */
  readonly legend: string;
  /** Each value, and what it is called. */
  readonly options: readonly (readonly [Value, string])[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}

/** A few values side by side, of which one is chosen. */
export function Choice<Value extends string>({ legend, options, value, onChange }: ChoiceProps<Value>): JSX.Element {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend class="unseen">{legend}</legend>
      {options.map(([each, words]) => (
        <label key={each}>
          <input type="radio" name={name} checked={each === value} onChange={() => onChange(each)} />
          <span>{words}</span>
        </label>
      ))}
    </fieldset>
  );
}
