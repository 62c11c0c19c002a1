import type { JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Tick } from "../shared/tick.js";
import { AnswerView } from "./answer-view.js";
import type { Draft, Problem } from "./draft.js";
import { FieldInput } from "./field-input.js";
import { FramesLink } from "./frames-link.js";
import { issuesOf, placeIssues, placeKey } from "./issue-place.js";
import { JsonInput } from "./json-input.js";
import type { MessageState } from "./message-state.js";
import { sendByKey } from "./send-key.js";
import type { Session } from "./session.js";

interface MessageFormProps {
  readonly state: MessageState;
  readonly session: Session | undefined;
  /** What goes out for what is in the form. */
  readonly wrap?:
    | ((type: string, payload: unknown) => { readonly type: string; readonly payload: unknown })
    | undefined;
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
        void send(state, session, wrap);
      }}
      onKeyDown={sendByKey}
    >
      {state.doc.isAny && (
        <div class="field">
          <label for={`${form}-type`}>type</label>
          <input
            id={`${form}-type`}
            value={state.type.value}
            required
            autocomplete="off"
            aria-describedby={`${form}-type-hint`}
            onInput={({ currentTarget }) => {
              state.type.value = currentTarget.value;
            }}
          />
          <small id={`${form}-type-hint`}>Any name: a letter, then letters, digits and _ - . : up to 64 in all.</small>
        </div>
      )}
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
      <SendRow state={state} isOpen={isOpen} verb={verb} />
      <AnswerView answer={state.answer.value} placedCount={placed.size} />
      {session !== undefined && state.answer.value !== undefined && <FramesLink session={session} />}
    </form>
  );
}

interface SendRowProps {
  readonly state: MessageState;
  readonly isOpen: boolean;
  readonly verb: string;
}

function SendRow({ state, isOpen, verb }: SendRowProps): JSX.Element {
  const isForm = state.mode.value === "form";
  return (
    <div class="row">
      <button type="submit" disabled={!isOpen}>
        {verb}
      </button>
      {!isOpen && <small>Connect first.</small>}
      <Tick
        label="with an id"
        isOn={state.withId.value}
        onChange={(withId) => {
          state.withId.value = withId;
        }}
      />
      <span class="fill" />
      {state.hasForm && (
        <button type="button" class="plain" onClick={() => (isForm ? state.showJson() : state.showForm())}>
          {isForm ? "As JSON" : "As a form"}
        </button>
      )}
    </div>
  );
}

/** Never rejects. */
async function send(state: MessageState, session: Session | undefined, wrap: MessageFormProps["wrap"]): Promise<void> {
  if (session?.status.value !== "open") return;
  state.placed.value = new Map();
  state.looseBefore = session.looseError.peek();
  const reading = state.reading();
  if (reading.problems !== undefined) return showProblems(state, reading.problems);
  const said = { type: state.type.value, payload: reading.value };
  const { type, payload } = wrap?.(said.type, said.payload) ?? said;
  const answer = session.say(type, payload, { withId: state.withId.value });
  state.answer.value = answer === undefined ? "sent" : "waiting";
  if (answer === undefined) return;
  const answered = await answer;
  state.answer.value = answered;
  showProblems(state, answered.message?.type === "error" ? issuesOf(answered.message.payload) : []);
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
    const type = wrap === undefined ? state.type.peek() : "publish";
    if (
      loose === undefined ||
      loose === state.looseBefore ||
      state.answer.peek() !== "sent" ||
      Object(loose.payload).type !== type
    )
      return;
    state.answer.value = { message: loose, tookMs: 0 };
    showProblems(state, issuesOf(loose.payload));
  }, [loose, state, wrap]);
}
