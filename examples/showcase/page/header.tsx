import type { Status } from "tidings/client";
import type { Me } from "./lobby.js";
import { post } from "./post.js";
import { ThemeSwitch } from "./theme.js";
import { tokenOfLink } from "./visit.js";

const words: Readonly<Record<Status, string>> = {
  connecting: "Connecting…",
  open: "Connected",
  waiting: "Reconnecting…",
  closed: "Not connected",
};

export function Header({ status, me }: { readonly status: Status; readonly me: Me | undefined }) {
  return (
    <header className="bar">
      <button type="button" className="skip" onClick={() => document.getElementById("text")?.focus()}>
        Skip to the chat
      </button>
      <img src="./icon.svg" alt="" width="28" height="28" />
      <p className="brand">Tidings</p>
      <p className="status" role="status" data-status={status}>
        {words[status]}
      </p>
      {me !== undefined && <p className="me">{me.name}</p>}
      {/* Who came by a link leaves by closing it. The server closes what was opened with the cookie. */}
      {me !== undefined && tokenOfLink() === undefined && (
        <button type="button" className="quiet" onClick={() => void post("/logout")}>
          Sign out
        </button>
      )}
      <ThemeSwitch />
    </header>
  );
}
