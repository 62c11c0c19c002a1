import type { JSX } from "preact";
import { bytesText, countText } from "../shared/quantity.js";
import { ClockTime, Since } from "../shared/time.js";
import { valueText } from "./figures.js";
import type { ProcessNow } from "./process-log.js";
import { hrefOf } from "./route.js";
import { Wide } from "./wide.js";

/** One row for each process, those that are there first. */
export function Processes({ all }: { readonly all: readonly ProcessNow[] }): JSX.Element {
  return (
    <section class="card stack" aria-labelledby="processes">
      <h2 id="processes">Processes</h2>
      <Wide label="Processes">
        <table>
          <thead>
            <tr>
              {columns.map((name) => (
                <th scope="col" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {all.map((each) => (
              <Row key={each.sample.process} {...each} />
            ))}
          </tbody>
        </table>
      </Wide>
    </section>
  );
}

const columns = [
  "Process",
  "State",
  "Up for",
  "Connections",
  "Users",
  "In",
  "Out",
  "Outboxes",
  "Stopped reading",
  "Loop delay",
  "Memory",
  "CPU",
  "Broker",
];

const states = {
  there: ["there", "good"],
  unseen: ["not seen", undefined],
  gone: ["gone", "bad"],
} as const;

function Row({ sample, point, state, silentSinceMs, brokerAwaySinceMs }: ProcessNow): JSX.Element {
  const [word, tone] = states[state];
  return (
    <tr class={state === "there" ? undefined : "past"}>
      <th scope="row">
        <a href={hrefOf({ page: "overview", process: sample.process })}>{sample.name}</a>
      </th>
      <td>
        <span class="state" data-tone={tone}>
          {word}
        </span>
        {silentSinceMs !== undefined && (
          <small>
            {" "}
            since <ClockTime ms={silentSinceMs} />
          </small>
        )}
      </td>
      <td>
        <Since ms={sample.startedAtMs} untilMs={silentSinceMs} />
      </td>
      <td class="number">{countText(sample.connections)}</td>
      <td class="number">{countText(sample.users)}</td>
      <td class="number">{valueText("rate", point.messagesReceived)}</td>
      <td class="number">{valueText("rate", point.messagesSent)}</td>
      <td class="number">{bytesText(sample.outboxBytes)}</td>
      <td class="number">{countText(sample.slow)}</td>
      <td class="number">{valueText("ms", sample.loopDelayMaxMs)}</td>
      <td class="number">{bytesText(sample.rssBytes)}</td>
      <td class="number">{valueText("cpu", point.cpuMicros)}</td>
      <td>
        <span class="state" data-tone={brokerAwaySinceMs === undefined ? "good" : "bad"}>
          {brokerAwaySinceMs === undefined ? "there" : "away"}
        </span>
        {brokerAwaySinceMs !== undefined && (
          <small>
            {" "}
            since <ClockTime ms={brokerAwaySinceMs} />
          </small>
        )}
      </td>
    </tr>
  );
}
