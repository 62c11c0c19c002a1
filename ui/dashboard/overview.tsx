import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { bytesText, countText } from "../shared/quantity.js";
import { nowMs, Since } from "../shared/time.js";
import { Chart } from "./chart.js";
import { drawn, figures, valueText } from "./figures.js";
import type { Line } from "./line.js";
import { Page } from "./page.js";
import { go } from "./place.js";
import type { Point } from "./point.js";
import type { ProcessNow, ProcessState } from "./process-log.js";
import { Processes } from "./processes.js";
import { hrefOf, overview } from "./route.js";
import type { Series } from "./sample-book.js";

interface OverviewProps {
  readonly line: Line;
  /** Only that one; undefined: all. */
  readonly process: string | undefined;
}

/** How the app is, as a whole or by process, and how it was for a quarter of an hour. */
export function Overview({ line, process }: OverviewProps): JSX.Element {
  line.news.value; // what is new is to be seen at once
  const atMs = line.shownAtMs(nowMs.value);
  const all = line.book.processes(atMs);
  const one = all.find(({ sample }) => sample.process === process);
  const isBlind = line.book.isBlind(atMs);
  const isUnknown = process !== undefined && one === undefined;
  return (
    <Page title={one === undefined ? "Overview" : one.sample.name} of={process ?? ""}>
      <div class="head">
        {all.length > 1 && <Choice all={all} process={process} isBlind={isBlind} />}
        <MissingNote all={all} isBlind={isBlind} />
      </div>
      {isUnknown && <p role="status">Nothing was heard of this process in the last 15 minutes.</p>}
      {all.length === 0 && <p role="status">Nothing was heard yet.</p>}
      {all.length > 0 && !isUnknown && (
        <>
          <Tiles point={one?.point ?? line.book.total(atMs)} shown={one ? [one] : all} process={process} />
          <Charts line={line} process={process} />
        </>
      )}
      {line.pastProblem.value !== undefined && (
        <p class="quiet">What was before can't be shown: {line.pastProblem.value}</p>
      )}
      {all.length > 0 && <Processes all={all} />}
    </Page>
  );
}

interface MissingNoteProps {
  readonly all: readonly ProcessNow[];
  /** Only the process that this page is connected to can be seen. */
  readonly isBlind: boolean;
}

interface ChoiceProps extends MissingNoteProps {
  readonly process: string | undefined;
}

function Choice({ all, process, isBlind }: ChoiceProps): JSX.Element {
  return (
    <label class="row">
      <span class="quiet">Shown</span>
      <select
        class="processes"
        value={process ?? ""}
        onChange={({ currentTarget }) =>
          go(currentTarget.value === "" ? overview : { page: "overview", process: currentTarget.value })
        }
      >
        <option value="">{isBlind ? "what can be seen" : allText(all)}</option>
        {all.map(({ sample, state }) => (
          <option key={sample.process} value={sample.process}>
            {sample.name}
            {endings[state]}
          </option>
        ))}
      </select>
    </label>
  );
}

const endings = { there: "", unseen: " (not seen)", gone: " (gone)" } as const;

function allText(all: readonly ProcessNow[]): string {
  const here = all.filter(isThere).length;
  return here === all.length
    ? `all ${countText(here)} processes`
    : `${countText(here)} of ${countText(all.length)} processes`;
}

function isThere({ state }: ProcessNow): boolean {
  return state === "there";
}

/** Which processes are not there, and which can't be seen: who looks for what is wrong takes the one for the other. */
function MissingNote({ all, isBlind }: MissingNoteProps): JSX.Element {
  const namesOf = (which: ProcessState) =>
    all.flatMap(({ sample, state }) => (state === which ? sample.name : [])).join(", ");
  const [unseen, gone] = [namesOf("unseen"), namesOf("gone")];
  return (
    <div role="status">
      {isBlind && (
        <p class="quiet">
          The broker is away: no process but this one can be seen.
          {unseen !== "" && ` They may well be there: ${unseen}`}
        </p>
      )}
      {gone !== "" && <p class="problem">Gone: {gone}</p>}
    </div>
  );
}

interface TilesProps {
  readonly point: Point;
  readonly shown: readonly ProcessNow[];
  readonly process: string | undefined;
}

function Tiles({ point, shown, process }: TilesProps): JSX.Element {
  return (
    <dl class="tiles">
      <Tile name="Connections">
        <a href={hrefOf({ page: "connections", which: "open", text: "", process })}>
          {valueText("count", point.connections)}
        </a>
      </Tile>
      <Tile name="Users">{valueText("count", point.users)}</Tile>
      <Tile name="Channels">
        <a href={hrefOf({ page: "channels", text: "", process })}>{valueText("count", point.channels)}</a>
      </Tile>
      <Tile name="Messages in">{valueText("rate", point.messagesReceived)}</Tile>
      <Tile name="Messages out">{valueText("rate", point.messagesSent)}</Tile>
      <Tile name="Outboxes">{bytesText(point.outboxBytes ?? 0)}</Tile>
      <Tile name="Stopped reading" isBad={(point.slow ?? 0) > 0}>
        <a href={hrefOf({ page: "connections", which: "troubled", text: "", process })}>
          {valueText("count", point.slow)}
        </a>
      </Tile>
      <Tile name="Loop delay">{valueText("ms", point.loopDelayMaxMs)}</Tile>
      <BrokerTile shown={shown} />
    </dl>
  );
}

interface TileProps {
  readonly name: string;
  readonly isBad?: boolean;
  readonly children: ComponentChildren;
}

function Tile({ name, isBad = false, children }: TileProps): JSX.Element {
  return (
    <div class="tile" data-tone={isBad ? "bad" : undefined}>
      <dt>{name}</dt>
      <dd class="number">{children}</dd>
    </div>
  );
}

function BrokerTile({ shown }: { readonly shown: readonly ProcessNow[] }): JSX.Element {
  const here = shown.filter(isThere);
  const away = here.flatMap(({ brokerAwaySinceMs }) => brokerAwaySinceMs ?? []);
  const outages = here.reduce((sum, { sample }) => sum + sample.brokerOutages, 0);
  return (
    <Tile name="Broker" isBad={away.length > 0}>
      {away.length === 0 ? "there" : "away"}
      {away.length > 0 && (
        <small>
          for <Since ms={Math.min(...away)} />
          {here.length > 1 && `, at ${away.length} of ${here.length}`}
        </small>
      )}
      {away.length === 0 && outages > 0 && <small>was away {countText(outages)}×</small>}
    </Tile>
  );
}

function Charts({ line, process }: OverviewProps): JSX.Element {
  const pointed = useSignal<number>();
  const { seconds, values } = since(line.book.series(drawn, process));
  return (
    <section aria-label="Over time" class="charts">
      {figures.map(({ title, hint, unit, lines }) => (
        <Chart
          key={title}
          title={title}
          hint={hint}
          unit={unit}
          labels={lines.map(({ label }) => label)}
          seconds={seconds}
          values={lines.map(({ measure }) => values[drawn.indexOf(measure)] ?? [])}
          pointed={pointed}
          together="overview"
        />
      ))}
    </section>
  );
}

/** A minute is shown from the start: what moves is seen to. */
const LEAST_SECONDS = 60;

/** Without what was before anything was heard. */
function since({ seconds, values }: Series): Series {
  const first = Math.min(
    ...values.map((line) => line.findIndex((value) => value !== undefined)).filter((at) => at >= 0),
  );
  const from = Math.min(first, seconds.length - LEAST_SECONDS);
  return { seconds: seconds.slice(from), values: values.map((line) => line.slice(from)) };
}
