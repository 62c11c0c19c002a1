import { connect } from "tidings/client";
import { find, make, remove } from "../../page/element.js";
import { showStatus } from "../../page/status.js";
import { tokenFor } from "../../page/token.js";
import type { devices } from "../app.js";
import { addEvent, type Inbox, type Notice } from "../inbox.js";

const list = find("notices", HTMLOListElement);
const count = find("unread", HTMLElement);
/** What is shown, by its offset. */
const items = new Map<number, HTMLLIElement>();

const entrance = find("entrance", HTMLFormElement);
entrance.addEventListener("submit", (event) => {
  event.preventDefault();
  enter(String(new FormData(entrance).get("name")).trim());
});

function enter(me: string): void {
  const client = connect<typeof devices>("/ws", { token: tokenFor(me) });
  showStatus(client, find("status", HTMLOutputElement));
  entrance.hidden = true;
  find("inside", HTMLElement).hidden = false;
  find("title", HTMLElement).textContent = `${me}'s notifications`;
  count.focus();

  let inbox: Inbox = { notices: [], unread: 0 };
  const show = (next: Inbox) => {
    inbox = next;
    showInbox(inbox, read);
  };
  const begin = (state: Inbox) => {
    items.clear();
    list.replaceChildren();
    show(state);
  };
  // After a gap the state comes anew: `begin` is all that there is to do.
  const subscription = client.subscribe("inbox/:user", { user: me }, { onState: begin, onGap: () => {} });
  subscription.on("notified", (payload, { offset = 0 }) =>
    show(addEvent(inbox, { type: "notified", offset, payload })),
  );
  subscription.on("read", (payload, { offset = 0 }) => show(addEvent(inbox, { type: "read", offset, payload })));

  /** Comes back as an event, here and on all other devices. Without a connection it waits, and is said once. */
  function read(notices: readonly Notice[]): void {
    const offsets = notices.filter(({ isRead }) => !isRead).map(({ offset }) => offset);
    count.textContent = `${inbox.unread} unread, marking…`;
    subscription.publish("read", { offsets }).catch((error: Error) => {
      show(inbox);
      tell(`Not marked: ${error.message}`, "refused");
    });
  }
  find("read-all", HTMLButtonElement).addEventListener("click", () => read(inbox.notices));

  const form = find("notify", HTMLFormElement);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = new FormData(form);
    const [user, text] = [String(given.get("user")).trim(), String(given.get("text"))];
    find("text", HTMLInputElement).value = "";
    tell(client.status === "open" ? "" : "It waits for the connection.");
    client.request("notify", { user, text }).then(
      () => tell(`${user} is told, or will be.`),
      (error: Error) => tell(`Not told: ${error.message}`, "refused"),
    );
  });
}

function showInbox({ notices, unread }: Inbox, read: (notices: readonly Notice[]) => void): void {
  count.textContent = notices.length === 0 ? "Nothing yet" : `${unread} unread`;
  document.title = unread === 0 ? "Notifications" : `(${unread}) Notifications`;
  find("read-all", HTMLButtonElement).disabled = unread === 0;
  for (const notice of notices) {
    const item = items.get(notice.offset) ?? addItem(notice, read);
    if (notice.isRead) markRead(item);
  }
  const oldest = notices[0]?.offset ?? Number.POSITIVE_INFINITY;
  for (const [offset, item] of items) {
    if (offset >= oldest) continue;
    items.delete(offset);
    remove(item, count);
  }
}

function addItem(notice: Notice, read: (notices: readonly Notice[]) => void): HTMLLIElement {
  const time = make("time", "quiet", new Date(notice.at).toLocaleString());
  time.dateTime = notice.at;
  const button = Object.assign(make("button", "", "Mark as read"), { type: "button" });
  button.addEventListener("click", () => read([notice]));
  const item = make("li", "unread", make("p", "", make("span", "", notice.text), time), button);
  list.prepend(item);
  items.set(notice.offset, item);
  return item;
}

function markRead(item: HTMLLIElement): void {
  item.classList.remove("unread");
  remove(item.querySelector("button"), count);
}

function tell(text: string, className: "quiet" | "refused" = "quiet"): void {
  Object.assign(find("told", HTMLElement), { textContent: text, className });
}
