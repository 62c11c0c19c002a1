import type { ReadonlySignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { ThemeSwitch } from "../shared/theme.js";
import type { Desk } from "./desk.js";
import { EndpointList } from "./endpoint-list.js";
import { EndpointPage } from "./endpoint-page.js";
import { chooseSession, SessionPane } from "./session-pane.js";
import { Shortcuts } from "./shortcuts.js";

interface ConsoleProps {
  readonly desk: Desk;
  readonly iconUrl: string;
  /** Does the app say something else of itself than what is shown? */
  readonly hasChanged: ReadonlySignal<boolean>;
}

/** The whole page: what there is, one endpoint of it, and the connections. */
export function Console({ desk, iconUrl, hasChanged }: ConsoleProps): JSX.Element {
  const endpoint = desk.endpoint.value;
  useSessionKeys(desk);
  return (
    <>
      <header class="bar">
        <button type="button" class="skip" onClick={() => document.getElementById("endpoint")?.focus()}>
          Skip to the endpoint
        </button>
        <img src={iconUrl} alt="" width="28" height="28" />
        <p class="brand">{desk.api.title}</p>
        {desk.api.version !== undefined && <span class="badge">{desk.api.version}</span>}
        <span class="fill" />
        <a class="code" href="asyncapi.json">
          asyncapi.json
        </a>
        <Shortcuts />
        <ThemeSwitch />
      </header>
      <div class="changed" role="status">
        {hasChanged.value && (
          <>
            <span>The app has changed.</span>
            <button type="button" class="small" onClick={() => location.reload()}>
              Reload
            </button>
            <small>Connections and what is filled in are gone then.</small>
          </>
        )}
      </div>
      <div class="desk">
        <EndpointList desk={desk} />
        <main>
          {endpoint === undefined ? (
            <p class="quiet">This app has no endpoint yet.</p>
          ) : (
            <EndpointPage key={endpoint.key} desk={desk} endpoint={endpoint} />
          )}
        </main>
        <SessionPane desk={desk} />
      </div>
    </>
  );
}

/** Alt and a digit choose the connection of that number. */
function useSessionKeys(desk: Desk): void {
  useEffect(() => {
    const choose = (event: KeyboardEvent) => {
      if (!event.altKey || event.ctrlKey || event.metaKey || !/^Digit[1-9]$/.test(event.code)) return;
      const session = desk.sessions.value.find(({ number }) => number === Number(event.code.slice(-1)));
      if (session === undefined) return;
      event.preventDefault();
      chooseSession(desk, session);
    };
    addEventListener("keydown", choose);
    return () => removeEventListener("keydown", choose);
  }, [desk]);
}
