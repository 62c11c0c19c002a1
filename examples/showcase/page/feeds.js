// Prices and news: several channels over one connection, each subscribed to by a message.
import { Connection, inWords, Redial } from "./connection.js";

const token = new URLSearchParams(location.hash.slice(1)).get("token");
const part = (id) => document.getElementById(id);
const [panel, symbols, publishForm, itemInput] = ["feeds", "symbols", "publish", "item"].map(part);

/** The channels we want → where we stand on each, which goes into `since` when we come back. Undefined: not there yet. */
const positions = new Map([["news", undefined]]);
/** Who reads the news: id → name. */
const readers = new Map();
const redial = new Redial(connect);
let connection;

panel.hidden = !token;
for (const { value, checked } of symbols.querySelectorAll("input")) {
  if (checked) positions.set(value, undefined);
}

// Who does not look needs no connection. Opened again, it comes back to where it stood.
panel.addEventListener("toggle", () => {
  if (panel.open) connect();
  else disconnect();
});

symbols.addEventListener("change", ({ target: { value, checked } }) => {
  if (checked) {
    positions.set(value, undefined);
    subscribe(value).catch(ignore);
  } else {
    positions.delete(value);
    part(value).textContent = "";
    connection.request("unsubscribe", { channel: value }).catch(ignore);
  }
});

publishForm.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = itemInput.value.trim();
  if (text === "") return;
  part("not-published").textContent = "";
  try {
    await connection.request("publish", { channel: "news", type: "item", payload: { text } });
    itemInput.value = "";
  } catch (error) {
    part("not-published").textContent = `Not published: ${error.message}`;
  }
});

function connect() {
  disconnect();
  tell("Connecting to prices and news…");
  connection = new Connection("/ws", { token, by: "subprotocol", opened: enter, heard: hear, closed: leave });
}

function disconnect() {
  redial.cancel();
  connection?.leave();
}

async function enter() {
  redial.reset();
  const cameBack = [...positions.values()].some((position) => position !== undefined);
  let missed;
  try {
    missed = await Promise.all([...positions.keys()].map(subscribe));
  } catch {
    return; // `leave` tells why
  }
  if (missed.includes("lost")) tell("Live again, but what came meanwhile is lost.");
  else if (cameBack) tell(`Live again. Missed meanwhile, and here now: ${missed.reduce((sum, count) => sum + count)}.`);
  else tell("Live");
}

function leave(code, reason) {
  tell(inWords(code, reason) + (redial.plan(code) || " Close and open this part to try again."));
  showMembers({ members: [] });
}

/** Without a connection there is nothing to do: the next one subscribes to what is wanted then. */
function ignore() {}

/** From where we stood on it. Gives how many of its events we had missed, which follow, or "lost" where they are no longer kept. */
async function subscribe(channel) {
  const since = positions.get(channel);
  const more = channel === "news" ? { presence: true, rewind: since === undefined ? 20 : undefined } : {};
  const answer = await connection.request("subscribe", { channel, since, ...more });
  stand(channel, answer);
  if (channel === "news") showMembers(answer);
  if (since === undefined) return 0;
  if (!answer.recovered) return "lost";
  const { events } = await connection.request("history", { channel, limit: 1 });
  return events.length === 0 ? 0 : events[0].offset - since.offset;
}

function hear(type, payload, { channel, offset }) {
  if (type === "drain") redial.drain(payload);
  if (type === "presence") showMembers(payload);
  const position = positions.get(channel);
  if (position === undefined) return; // not wanted any more: it was on its way
  switch (type) {
    case "gap":
      stand(channel, payload);
      if (channel === "news") addItem("Some news is lost here.");
      break;
    case "tick":
      position.offset = offset;
      showPrice(channel, payload);
      break;
    case "item":
      position.offset = offset;
      addItem(payload.text);
      break;
  }
}

/** What `subscribed` and `gap` say: where we stand from now on, and the present state where the channel has one. */
function stand(channel, { epoch, offset, state }) {
  if (!positions.has(channel)) return;
  positions.set(channel, { epoch, offset });
  if (state !== undefined) showPrice(channel, state);
}

/** All members, or who joined and who left; of very many only their number. */
function showMembers({ members, joined = members ?? [], left = [], count }) {
  if (members !== undefined) readers.clear();
  for (const { id } of left) readers.delete(id);
  for (const { id, name } of joined) readers.set(id, name);
  part("readers").textContent = count ?? [...readers.values()].join(", ");
}

function showPrice(channel, { price }) {
  part(channel).textContent = price?.toLocaleString(undefined, { minimumFractionDigits: 2 }) ?? "unknown";
}

function addItem(text) {
  const line = document.createElement("li");
  line.textContent = text;
  part("news").prepend(line);
  if (part("news").childElementCount > 100) part("news").lastElementChild.remove();
}

function tell(text) {
  part("feeds-status").textContent = text;
}
