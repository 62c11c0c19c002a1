import { useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { ThemeSwitch } from "../shared/theme.js";
import { Channels } from "./channels.js";
import { ConnectionPage } from "./connection.js";
import { Connections } from "./connections.js";
import type { Asked, Line } from "./line.js";
import { LineNotice, LineState } from "./line-notice.js";
import { Overview } from "./overview.js";
import { place } from "./place.js";
import { hrefOf, overview, type Route } from "./route.js";

/** The whole page: where one is, and how its own connection is. */
export function Dashboard({ line }: { readonly line: Line }): JSX.Element {
  const route = place.value;
  useSignalEffect(() => line.ask(askedAt(place.value)));
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        Skip to the page
      </button>
      <header class="bar">
        <span class="brand">Dashboard</span>
        <nav aria-label="Dashboard">
          <NavLink to={overview} label="Overview" isHere={route.page === "overview"} />
          <NavLink
            to={{ page: "connections", which: "open", text: "" }}
            label="Connections"
            isHere={route.page === "connections" || route.page === "connection"}
          />
          <NavLink to={{ page: "channels", text: "" }} label="Channels" isHere={route.page === "channels"} />
        </nav>
        <span class="fill" />
        <LineState line={line} />
        <ThemeSwitch />
      </header>
      <LineNotice line={line} />
      <Shown line={line} route={route} />
    </>
  );
}

function NavLink({ to, label, isHere }: { readonly to: Route; readonly label: string; readonly isHere: boolean }) {
  return (
    <a href={hrefOf(to)} aria-current={isHere ? "page" : undefined}>
      {label}
    </a>
  );
}

function Shown({ line, route }: { readonly line: Line; readonly route: Route }): JSX.Element {
  switch (route.page) {
    case "overview":
      return <Overview line={line} process={route.process} />;
    case "connections":
      return <Connections line={line} route={route} />;
    case "connection":
      return <ConnectionPage line={line} id={route.id} />;
    case "channels":
      return <Channels line={line} route={route} />;
  }
}

/** What the processes are asked while one is there. */
function askedAt(route: Route): Asked {
  switch (route.page) {
    case "overview":
      return { about: "nothing" };
    case "connections":
      return { about: "connections", which: route.which, text: route.text };
    case "connection":
      return { about: "connection", id: route.id };
    case "channels":
      return { about: "channels", text: route.text };
  }
}

/** Not by a link: the address's `#` says where one is. */
function skip(): void {
  document.querySelector<HTMLElement>("main h1")?.focus();
}
