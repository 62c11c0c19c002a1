import type { JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { bytesText, durationText } from "../shared/quantity.js";
import type { Draft, Problem } from "./draft.js";
import { FieldInput, idOf } from "./field-input.js";
import { issuesOf, placeIssues, placeKey } from "./issue-place.js";
import type { MessageState } from "./message-state.js";
import type { Answer, Session } from "./session.js";

interface MessageFormProps {
  readonly state: MessageState;
  readonly session: Session | undefined;
  /** What goes out for what is in the form. */
  readonly wrap?: ((payload: unknown) => { readonly type: string; readonly payload: unknown }) | undefined;
  readonly verb: string;
}

/** A message as a form or as JSON, a button that sends it, and what it was answered. */
export function MessageForm({ state, session, wrap, verb }: MessageFormProps): JSX.Element {
  const form = useId();
  const element = useRef<HTMLFormElement>(null);
  const isOpen = session?.status.value === "open";
  const isForm = state.mode.value === "form";
  useLooseError(state, session, wrap);
  // Whoever can't see where it is wrong is brought there.
  const placed = state.placed.value;
  useEffect(() => {
    if (placed.size > 0) element.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [placed]);

  async function send(): Promise<void> {
    if (session === undefined || session.status.value !== "open") return;
    state.placed.value = new Map();
    const reading = state.reading();
    if (reading.problems !== undefined) return showProblems(state, reading.problems);
    const { type, payload } = wrap?.(reading.value) ?? { type: state.doc.type, payload: reading.value };
    const answer = session.say(type, payload, { withId: state.withId.value });
    state.answer.value = answer === undefined ? "sent" : "waiting";
    if (answer === undefined) return;
    const answered = await answer;
    state.answer.value = answered;
    showProblems(state, answered.message?.type === "error" ? issuesOf(answered.message.payload) : []);
  }

  const change = (draft: Draft) => {
    state.draft.value = draft;
  };
  return (
    <form
      class="stack"
      noValidate
      ref={element}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.requestSubmit();
      }}
    >
      {isForm ? (
        <FieldInput
          field={state.doc.field}
          draft={state.draft.value}
          onChange={change}
          path={[]}
          form={form}
          name="payload"
          placed={placed}
        />
      ) : (
        <JsonInput state={state} form={form} />
      )}
      {isForm && state.doc.field.kind === "group" && state.doc.field.members.length === 0 && (
        <p class="quiet">It takes nothing.</p>
      )}
      <div class="row">
        <button type="submit" disabled={!isOpen}>
          {verb}
        </button>
        {!isOpen && <small>Connect first.</small>}
        <label class="tick">
          <input
            type="checkbox"
            checked={state.withId.value}
            onChange={({ currentTarget }) => {
              state.withId.value = currentTarget.checked;
            }}
          />
          with an id
        </label>
        <span class="fill" />
        {state.hasForm && (
          <button type="button" class="plain" onClick={() => (isForm ? state.showJson() : state.showForm())}>
            {isForm ? "As JSON" : "As a form"}
          </button>
        )}
      </div>
      <AnswerView answer={state.answer.value} placedCount={placed.size} />
    </form>
  );
}

function JsonInput({ state, form }: { readonly state: MessageState; readonly form: string }): JSX.Element {
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

/** What came of it, for eyes and for ears. */
function AnswerView({
  answer,
  placedCount,
}: {
  readonly answer: MessageState["answer"]["value"];
  readonly placedCount: number;
}): JSX.Element {
  return (
    <div class="answer" role="status">
      {answer === "waiting" && <p class="quiet">Waiting for the answer…</p>}
      {answer === "sent" && <p class="quiet">Sent. Without an id it is answered only if it fails.</p>}
      {typeof answer === "object" && <AnswerText answer={answer} placedCount={placedCount} />}
    </div>
  );
}

function AnswerText({
  answer: { message, tookMs },
  placedCount,
}: {
  readonly answer: Answer;
  readonly placedCount: number;
}): JSX.Element {
  const took = durationText(tookMs);
  if (message === undefined) return <p class="problem">The connection was lost before an answer came ({took}).</p>;
  const { code, message: words, retryAfterMs } = Object(message.payload);
  if (message.type === "error") {
    return (
      <p class="problem">
        <strong>{String(code)}</strong> {String(words)}
        {typeof retryAfterMs === "number" && ` Again in ${durationText(retryAfterMs)}.`}
        {placedCount > 0 && " It is marked above."} <span class="quiet">({took})</span>
      </p>
    );
  }
  const text = JSON.stringify(message.payload, null, 2) ?? "null";
  return (
    <>
      <p class="quiet">
        <strong class="good">{message.type}</strong> in {took}, {bytesText(text.length)}
      </p>
      <pre class="sample">{text}</pre>
    </>
  );
}

function showProblems(state: MessageState, problems: readonly Problem[]): void {
  state.placed.value =
    state.mode.value === "form"
      ? placeIssues(state.doc.field, state.draft.value, problems)
      : new Map(problems.length === 0 ? [] : [[placeKey([]), problems.map(inJson)]]);
}

function inJson({ path, message }: Problem): string {
  return path.length === 0 ? message : `${path.join(".")}: ${message}`;
}

/** What was said without an id and failed is shown where it was said: the error names the message's type. */
function useLooseError(state: MessageState, session: Session | undefined, wrap: MessageFormProps["wrap"]): void {
  const loose = session?.looseError.value;
  useEffect(() => {
    const type = wrap === undefined ? state.doc.type : "publish";
    if (loose === undefined || state.answer.peek() !== "sent" || Object(loose.payload).type !== type) return;
    state.answer.value = { message: loose, tookMs: 0 };
    showProblems(state, issuesOf(loose.payload));
  }, [loose, state, wrap]);
}
