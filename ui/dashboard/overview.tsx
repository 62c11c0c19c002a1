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
import { Processes } from "./processes.js";
import { hrefOf, overview } from "./route.js";
import type { ProcessNow, Series } from "./sample-book.js";

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
  const isUnknown = process !== undefined && one === undefined;
  return (
    <Page title={one === undefined ? "Overview" : one.sample.name} of={process ?? ""}>
      <div class="head">
        {all.length > 1 && <Choice all={all} process={process} />}
        <GoneNote all={all} />
      </div>
      {isUnknown && <p role="status">Nothing was heard of this process in the last 15 minutes.</p>}
      {all.length === 0 && <p role="status">Nothing was heard yet.</p>}
      {all.length > 0 && !isUnknown && (
        <>
          <Tiles point={one?.point ?? line.book.total(atMs)} shown={one ? [one] : all} />
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

function Choice({ all, process }: { readonly all: readonly ProcessNow[]; readonly process: string | undefined }) {
  const here = all.filter(({ goneSinceMs }) => goneSinceMs === undefined);
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
        <option value="">{`all ${countText(here.length)} that are there`}</option>
        {all.map(({ sample, goneSinceMs }) => (
          <option key={sample.process} value={sample.process}>
            {sample.name}
            {goneSinceMs !== undefined && " (gone)"}
          </option>
        ))}
      </select>
    </label>
  );
}

function GoneNote({ all }: { readonly all: readonly ProcessNow[] }): JSX.Element {
  const gone = all.filter(({ goneSinceMs }) => goneSinceMs !== undefined);
  return (
    <p role="status" class="problem">
      {gone.length > 0 && `Gone: ${gone.map(({ sample }) => sample.name).join(", ")}`}
    </p>
  );
}

function Tiles({ point, shown }: { readonly point: Point; readonly shown: readonly ProcessNow[] }): JSX.Element {
  return (
    <dl class="tiles">
      <Tile name="Connections">
        <a href={hrefOf({ page: "connections", which: "open", text: "" })}>{valueText("count", point.connections)}</a>
      </Tile>
      <Tile name="Users">{valueText("count", point.users)}</Tile>
      <Tile name="Channels">
        <a href={hrefOf({ page: "channels", text: "" })}>{valueText("count", point.channels)}</a>
      </Tile>
      <Tile name="Messages in">{valueText("rate", point.messagesReceived)}</Tile>
      <Tile name="Messages out">{valueText("rate", point.messagesSent)}</Tile>
      <Tile name="Outboxes">{bytesText(point.outboxBytes ?? 0)}</Tile>
      <Tile name="Stopped reading" isBad={(point.slow ?? 0) > 0}>
        <a href={hrefOf({ page: "connections", which: "troubled", text: "" })}>{valueText("count", point.slow)}</a>
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
  const here = shown.filter(({ goneSinceMs }) => goneSinceMs === undefined);
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
