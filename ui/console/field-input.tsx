import type { ComponentChildren, JSX } from "preact";
import { Icon } from "../shared/icon.js";
import { blankDraft, type Draft, type Path } from "./draft.js";
import { type ControlProps, FieldControl } from "./field-control.js";
import type { Field, Member } from "./form-model.js";
import { type Placed, placeKey } from "./issue-place.js";

interface FieldProps {
  readonly field: Field;
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  readonly path: Path;
  /** What the ids on the page begin with: no two forms have the same. */
  readonly form: string;
  readonly name: string;
  readonly placed: Placed;
  /** Stands beside the name: a tick, or what takes it away. */
  readonly beside?: ComponentChildren;
}

/** A schema's field, whatever its kind, with its name, what holds for it, and what is wrong with it. */
export function FieldInput(props: FieldProps): JSX.Element {
  const { field, draft } = props;
  if (field.kind === "group" && draft.kind === "group") return <GroupInput {...props} field={field} draft={draft} />;
  if (field.kind === "list" && draft.kind === "list") return <ListInput {...props} field={field} draft={draft} />;
  if (field.kind === "nullable" && draft.kind === "nullable")
    return <NullableInput {...props} field={field} draft={draft} />;
  return <SingleInput {...props} />;
}

type Of<Kind extends Field["kind"]> = Omit<FieldProps, "field" | "draft"> & {
  readonly field: Extract<Field, { kind: Kind }>;
  readonly draft: Extract<Draft, { kind: Kind }>;
};

/** The members of an object. Of the outermost there is no frame around them. */
function GroupInput({ field, draft, onChange, path, form, name, placed, beside }: Of<"group">): JSX.Element {
  const change = (member: string, isGiven: boolean, inner: Draft) =>
    onChange({ kind: "group", members: { ...draft.members, [member]: { isGiven, draft: inner } } });
  const members = (
    <>
      <Problems form={form} path={path} placed={placed} />
      {field.members.map((member) => (
        <MemberInput
          key={member.name}
          member={member}
          given={draft.members[member.name] ?? { isGiven: member.isRequired, draft: blankDraft(member.field) }}
          onChange={(isGiven, inner) => change(member.name, isGiven, inner)}
          path={[...path, member.name]}
          form={form}
          placed={placed}
        />
      ))}
    </>
  );
  if (path.length === 0 && beside === undefined) return <div class="stack">{members}</div>;
  return (
    <fieldset class="nested stack">
      <legend>
        {beside} {name}
      </legend>
      <Hint form={form} path={path} field={field} />
      {members}
    </fieldset>
  );
}

interface MemberProps extends Pick<FieldProps, "path" | "form" | "placed"> {
  readonly member: Member;
  readonly given: { readonly isGiven: boolean; readonly draft: Draft };
  readonly onChange: (isGiven: boolean, draft: Draft) => void;
}

function MemberInput({ member, given, onChange, path, form, placed }: MemberProps): JSX.Element {
  const { name, field, isRequired } = member;
  const tick = isRequired ? undefined : (
    <input
      type="checkbox"
      checked={given.isGiven}
      aria-label={`Give ${name}`}
      onChange={({ currentTarget }) => onChange(currentTarget.checked, given.draft)}
    />
  );
  if (isRequired || given.isGiven) {
    return (
      <FieldInput
        field={field}
        draft={given.draft}
        onChange={(draft) => onChange(true, draft)}
        path={path}
        form={form}
        name={name}
        placed={placed}
        beside={tick}
      />
    );
  }
  return (
    <div class="field">
      <span class="label row">
        {tick} {name} <small>left out</small>
      </span>
      <Problems form={form} path={path} placed={placed} />
    </div>
  );
}

function ListInput({ field, draft, onChange, path, form, name, placed, beside }: Of<"list">): JSX.Element {
  const items = draft.items;
  const change = (now: readonly Draft[]) => onChange({ kind: "list", items: now });
  return (
    <fieldset class="nested stack" id={idOf(form, path)} tabIndex={-1}>
      <legend>
        {beside} {name}
      </legend>
      <Hint form={form} path={path} field={field} />
      <Problems form={form} path={path} placed={placed} />
      {items.map((item, index) => (
        <FieldInput
          // biome-ignore lint/suspicious/noArrayIndexKey: an item has nothing of its own but its place
          key={index}
          field={field.item}
          draft={item}
          onChange={(now) => change(items.with(index, now))}
          path={[...path, index]}
          form={form}
          name={`${name} ${index + 1}`}
          placed={placed}
          beside={
            <button
              type="button"
              class="round small"
              aria-label={`Take ${name} ${index + 1} away`}
              onClick={() => change(items.toSpliced(index, 1))}
            >
              <Icon of="cross" />
            </button>
          }
        />
      ))}
      <div>
        <button type="button" class="quiet small" onClick={() => change([...items, blankDraft(field.item)])}>
          <Icon of="plus" />
          Add to {name}
        </button>
      </div>
    </fieldset>
  );
}

function NullableInput({ field, draft, onChange, name, beside, ...place }: Of<"nullable">): JSX.Element {
  const tick = (
    <>
      {beside}
      <label class="tick">
        <input
          type="checkbox"
          checked={draft.isNull}
          aria-label={`${name} is null`}
          onChange={({ currentTarget }) => onChange({ ...draft, isNull: currentTarget.checked })}
        />
        null
      </label>
    </>
  );
  if (!draft.isNull) {
    const changeInner = (inner: Draft) => onChange({ ...draft, inner });
    return (
      <FieldInput {...place} field={field.inner} draft={draft.inner} onChange={changeInner} name={name} beside={tick} />
    );
  }
  return (
    <div class="field">
      <span class="label row">
        {name} {tick}
      </span>
      <Problems form={place.form} path={place.path} placed={place.placed} />
    </div>
  );
}

function SingleInput({ field, draft, onChange, path, form, name, placed, beside }: FieldProps): JSX.Element {
  const id = idOf(form, path);
  const isInvalid = placed.has(placeKey(path));
  const described = [hasHint(field) ? `${id}-hint` : "", isInvalid ? `${id}-problem` : ""].filter(
    (each) => each !== "",
  );
  const shared = {
    id,
    "aria-invalid": isInvalid,
    "aria-describedby": described.length === 0 ? undefined : described.join(" "),
  };
  const control = <FieldControl field={field} draft={draft} onChange={onChange} shared={shared} />;
  return (
    <div class="field">
      {draft.kind === "flag" && beside === undefined ? (
        <span class="label row">
          {control} <label for={id}>{name}</label>
        </span>
      ) : (
        <>
          <span class="label row">
            {beside} <label for={id}>{name}</label>
          </span>
          {draft.kind === "flag" ? <FlagSelect draft={draft} onChange={onChange} shared={shared} /> : control}
        </>
      )}
      <Hint form={form} path={path} field={field} />
      <Problems form={form} path={path} placed={placed} />
    </div>
  );
}

/** Beside another tick, a tick for true would leave one to guess which is which. */
function FlagSelect({ draft, onChange, shared }: FlagProps): JSX.Element {
  return (
    <select
      {...shared}
      value={String(draft.isOn)}
      onChange={({ currentTarget }) => onChange({ kind: "flag", isOn: currentTarget.value === "true" })}
    >
      <option>true</option>
      <option>false</option>
    </select>
  );
}

interface FlagProps extends Pick<ControlProps, "onChange" | "shared"> {
  readonly draft: Extract<Draft, { kind: "flag" }>;
}

function Hint({ form, path, field }: Pick<FieldProps, "form" | "path" | "field">): JSX.Element | null {
  if (!hasHint(field)) return null;
  const why = field.kind === "json" ? `${field.why} Write it as JSON.` : undefined;
  const words = [field.title, field.description, field.rule, why].filter((each) => each !== undefined);
  return <small id={`${idOf(form, path)}-hint`}>{words.join(" · ")}</small>;
}

function hasHint({ title, description, rule, kind }: Field): boolean {
  return (title ?? description ?? rule) !== undefined || kind === "json";
}

function Problems({ form, path, placed }: Pick<FieldProps, "form" | "path" | "placed">): JSX.Element | null {
  const messages = placed.get(placeKey(path));
  if (messages === undefined) return null;
  return (
    <p class="problem" id={`${idOf(form, path)}-problem`}>
      {messages.join(" ")}
    </p>
  );
}

export function idOf(form: string, path: Path): string {
  return [form, ...path.map((each) => encodeURIComponent(each))].join("-");
}
