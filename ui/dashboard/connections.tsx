import type { JSX } from "preact";
import { bytesText } from "../shared/quantity.js";
import { nowMs, Since } from "../shared/time.js";
import { type AnswerAbout, type HeardAnswer, type ListedConnection, mergeConnections } from "./answers.js";
import { Filter } from "./filter.js";
import type { Line } from "./line.js";
import { ListNote } from "./list-note.js";
import { isOf, OneProcess } from "./one-process.js";
import { Page } from "./page.js";
import { stay } from "./place.js";
import { hrefOf, type Route, type Which } from "./route.js";
import { briefOf } from "./why.js";
import { Wide } from "./wide.js";

interface ConnectionsProps {
  readonly line: Line;
  readonly route: Extract<Route, { readonly page: "connections" }>;
}

const kinds: readonly { readonly which: Which; readonly label: string }[] = [
  { which: "open", label: "Open" },
  { which: "troubled", label: "Troubled" },
  { which: "closed", label: "Closed" },
];

/** All connections, over all processes: those with something wrong first. */
export function Connections({ line, route }: ConnectionsProps): JSX.Element {
  const { which, text, process } = route;
  const atMs = line.shownAtMs(nowMs.value);
  const answers = line.answers(atMs).filter(isAboutConnections).filter(isOf(process));
  const merged = mergeConnections(answers, which);
  return (
    <Page title="Connections">
      <div class="head">
        <fieldset class="choice">
          <legend class="unseen">Which connections</legend>
          {kinds.map((kind) => (
            <label key={kind.which}>
              <input
                type="radio"
                name="which"
                checked={kind.which === which}
                onChange={() => stay({ ...route, which: kind.which })}
              />
              <span>{kind.label}</span>
            </label>
          ))}
        </fieldset>
        <Filter
          label="Filter connections"
          placeholder="id, user, address, endpoint or channel:name"
          text={text}
          onText={(typed) => stay({ ...route, text: typed })}
        />
      </div>
      <OneProcess line={line} process={process} all={{ ...route, process: undefined }} />
      <ListNote line={line} answers={answers.length} merged={merged} noun={nounOf(which)} />
      {merged.rows.length > 0 && <Table line={line} rows={merged.rows} which={which} atMs={atMs} />}
    </Page>
  );
}

function isAboutConnections(answer: HeardAnswer): answer is HeardAnswer & AnswerAbout<"connections"> {
  return answer.about === "connections";
}

function nounOf(which: Which): string {
  if (which === "open") return "connection";
  return which === "closed" ? "closed connection" : "troubled connection";
}

interface TableProps {
  readonly line: Line;
  readonly rows: readonly ListedConnection[];
  readonly which: Which;
  readonly atMs: number;
}

function Table({ line, rows, which, atMs }: TableProps): JSX.Element {
  return (
    <Wide label="List of connections">
      <table class="list">
        <thead>
          <tr>
            <th scope="col">Connection</th>
            <th scope="col">State</th>
            <th scope="col">User</th>
            <th scope="col">Outbox</th>
            <th scope="col">{which === "closed" ? "Closed" : "Open for"}</th>
            <th scope="col" class="roomy">
              Endpoint
            </th>
            <th scope="col" class="roomy">
              Address
            </th>
            <th scope="col" class="roomy">
              Process
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.id} row={row} line={line} nowMs={line.book.clockOf(row.process, atMs)} />
          ))}
        </tbody>
      </table>
    </Wide>
  );
}

interface RowProps {
  readonly row: ListedConnection;
  readonly line: Line;
  /** By the clock of its process. */
  readonly nowMs: number;
}

function Row({ row, line, nowMs }: RowProps): JSX.Element {
  const { id, user, endpoint, address, outboxBytes, openedAtMs, closed, process } = row;
  return (
    <tr>
      <th scope="row">
        <a class="code" href={hrefOf({ page: "connection", id })}>
          {id}
        </a>
      </th>
      <td>
        <RowState row={row} nowMs={nowMs} />
      </td>
      <td class="brief" title={user}>
        {user ?? <span class="quiet">none</span>}
      </td>
      <td class="number">{bytesText(outboxBytes)}</td>
      <td>
        <Since ms={closed?.atMs ?? openedAtMs} untilMs={nowMs} />
        {closed !== undefined && " ago"}
      </td>
      <td class="roomy code">{endpoint}</td>
      <td class="roomy code">{address}</td>
      <td class="roomy">{line.book.nameOf(process) ?? process}</td>
    </tr>
  );
}

/** What is wrong and for how long, or how it ended. */
function RowState({ row: { trouble, closed, stage }, nowMs }: Pick<RowProps, "row" | "nowMs">): JSX.Element {
  if (closed !== undefined) {
    return (
      <>
        <span class="badge">closed</span> <span class="number">{closed.code}</span>{" "}
        {closed.reason || briefOf(closed.code)}
      </>
    );
  }
  if (trouble === undefined) return <span class="badge">{stage}</span>;
  return (
    <>
      <span class="badge" data-tone="bad">
        {trouble.word}
      </span>{" "}
      <span class="quiet">
        for <Since ms={trouble.sinceMs} untilMs={nowMs} />
      </span>
    </>
  );
}
