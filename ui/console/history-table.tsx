import type { JSX } from "preact";

/** Events of a channel's history, as they were answered: the oldest first. */
export function HistoryTable({ events }: { readonly events: readonly unknown[] }): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard, in every browser
    <section class="sample" aria-label="Its history" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Offset</th>
            <th scope="col">Event</th>
            <th scope="col">Payload</th>
          </tr>
        </thead>
        <tbody>
          {events.map((event) => {
            const { offset, type, payload } = Object(event);
            return (
              <tr key={offset}>
                <td class="number">{offset}</td>
                <td>{String(type)}</td>
                <td>
                  <pre>{jsonText(payload)}</pre>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

/** In a line where that is short. */
function jsonText(payload: unknown): string {
  const line = JSON.stringify(payload) ?? "";
  return line.length <= 60 ? line : JSON.stringify(payload, null, 2);
}
