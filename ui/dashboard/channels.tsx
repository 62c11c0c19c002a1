import type { JSX } from "preact";
import type { ChannelRow } from "../../src/dashboard/contract.js";
import { countText } from "../shared/quantity.js";
import { nowMs } from "../shared/time.js";
import { type AnswerAbout, type HeardAnswer, mergeChannels } from "./answers.js";
import { Filter } from "./filter.js";
import type { Line } from "./line.js";
import { ListNote } from "./list-note.js";
import { isOf, OneProcess } from "./one-process.js";
import { Page } from "./page.js";
import { stay } from "./place.js";
import { hrefOf, type Route } from "./route.js";
import { Wide } from "./wide.js";

interface ChannelsProps {
  readonly line: Line;
  readonly route: Extract<Route, { readonly page: "channels" }>;
}

/** The channels that somebody is on, over all processes: those that are behind first. */
export function Channels({ line, route }: ChannelsProps): JSX.Element {
  const { text, process } = route;
  const answers = line.answers(nowMs.value).filter(isAboutChannels).filter(isOf(process));
  const merged = mergeChannels(answers);
  return (
    <Page title="Channels">
      <Filter
        label="Filter channels"
        placeholder="part of a name"
        text={text}
        onText={(typed) => stay({ ...route, text: typed })}
      />
      <OneProcess line={line} process={process} all={{ ...route, process: undefined }} />
      <ListNote line={line} answers={answers.length} merged={merged} noun="channel" />
      {merged.rows.length > 0 && (
        <Wide label="List of channels">
          <table class="list">
            <thead>
              <tr>
                <th scope="col">Channel</th>
                <th scope="col">Connections</th>
                <th scope="col">Behind</th>
                <th scope="col">Last offset</th>
                <th scope="col">Events heard</th>
              </tr>
            </thead>
            <tbody>
              {merged.rows.map((row) => (
                <Row key={row.channel} row={row} />
              ))}
            </tbody>
          </table>
        </Wide>
      )}
    </Page>
  );
}

function Row({ row: { channel, connections, behind, offset, events } }: { readonly row: ChannelRow }): JSX.Element {
  return (
    <tr>
      <th scope="row" class="code any">
        <a href={hrefOf({ page: "connections", which: "open", text: `channel:${channel}` })}>{channel}</a>
      </th>
      <td class="number">{countText(connections)}</td>
      <td class="number">
        {behind === 0 ? (
          "0"
        ) : (
          <span class="badge" data-tone="waiting">
            {countText(behind)}
          </span>
        )}
      </td>
      <td class="number">{offset === 0 ? "–" : countText(offset)}</td>
      <td class="number">{countText(events)}</td>
    </tr>
  );
}

function isAboutChannels(answer: HeardAnswer): answer is HeardAnswer & AnswerAbout<"channels"> {
  return answer.about === "channels";
}
