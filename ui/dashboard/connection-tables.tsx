import type { JSX } from "preact";
import type { AnsweredError, ChannelStanding, RateLeft } from "../../src/declare/connection-report.js";
import { countText, durationText, pluralText } from "../shared/quantity.js";
import { ClockTime } from "../shared/time.js";
import { Part } from "./part.js";
import { Wide } from "./wide.js";

/** How much more it may say. */
export function Limits({ rates }: { readonly rates: readonly RateLeft[] }): JSX.Element {
  return (
    <Part title="Limits left">
      {rates.length === 0 && <p class="quiet">None of its limits is known any more.</p>}
      {rates.map(({ name, left, count, windowMs }) => (
        <div key={name} class="limit">
          <span>{name}</span>
          <progress value={left} max={count} aria-label={`${name} left`} data-tone={left === 0 ? "bad" : undefined} />
          <span class="number">
            {countText(left)} of {countText(count)} in {durationText(windowMs)}
          </span>
        </div>
      ))}
    </Part>
  );
}

/** Which channels it is on, and how far it is there. */
export function Standings({
  channels,
  count,
}: {
  readonly channels: readonly ChannelStanding[];
  readonly count: number;
}): JSX.Element {
  return (
    <Part title="Channels">
      {count === 0 && <p class="quiet">It is on no channel.</p>}
      {channels.length > 0 && (
        <Wide label="Channels of this connection">
          <table>
            <thead>
              <tr>
                <th scope="col">Channel</th>
                <th scope="col">State</th>
                <th scope="col">Offset</th>
                <th scope="col">Behind</th>
                <th scope="col">Joined by</th>
              </tr>
            </thead>
            <tbody>
              {channels.map(({ channel, state, offset, behind, isOwn }) => (
                <tr key={channel}>
                  <th scope="row" class="code any">
                    {channel}
                  </th>
                  <td>
                    <span class="state" data-tone={state === "live" ? "good" : "waiting"}>
                      {state}
                    </span>
                  </td>
                  <td class="number">{offset === undefined ? "–" : countText(offset)}</td>
                  <td class="number">{countText(behind)}</td>
                  <td>{isOwn ? "itself" : "the server"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      )}
      {count > channels.length && (
        <p class="quiet">
          {countText(channels.length)} of {pluralText(count, "channel")} are shown.
        </p>
      )}
    </Part>
  );
}

/** What it was answered last that was an error: the newest first. */
export function Errors({
  errors,
  count,
}: {
  readonly errors: readonly AnsweredError[];
  readonly count: number;
}): JSX.Element {
  const inOrder = errors.map((error, place) => ({ ...error, place })).toReversed();
  return (
    <Part title="Last errors">
      {errors.length === 0 && <p class="quiet">It was answered no error.</p>}
      {errors.length > 0 && (
        <Wide label="Last errors of this connection">
          <table>
            <thead>
              <tr>
                <th scope="col">At</th>
                <th scope="col">Code</th>
                <th scope="col">Message</th>
                <th scope="col">Of</th>
              </tr>
            </thead>
            <tbody>
              {inOrder.map(({ atMs, code, message, type, place }) => (
                <tr key={place}>
                  <td>
                    <ClockTime ms={atMs} />
                  </td>
                  <td class="code">{code}</td>
                  <td class="any">{message}</td>
                  <td class="code any">{type ?? "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Wide>
      )}
      {count > errors.length && <p class="quiet">It was answered {pluralText(count, "error")} in all.</p>}
    </Part>
  );
}
