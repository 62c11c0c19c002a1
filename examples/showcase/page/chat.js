import { Connection, inWords, Redial } from "./connection.js";

// The link's fragment says who it is and where to: #token=…&room=lobby. A browser keeps the fragment to itself.
const link = new URLSearchParams(location.hash.slice(1));
const token = link.get("token");

const part = (id) => document.getElementById(id);
const [help, chat, ended, problem] = ["help", "chat", "ended", "problem"].map(part);
const [joinForm, roomInput, placeInput, sayForm, textInput] = ["join", "room", "place", "say", "text"].map(part);

/** The present connection: in the place of the one before. */
let connection;
let myName = "";
let room = link.get("room") ?? "";
const redial = new Redial(connect);

addEventListener("hashchange", () => location.reload());
roomInput.value = room;
if (!roomInput.checkValidity()) roomInput.value = room = "lobby";
if (token === null || token === "") {
  showHelp("This page needs a link with a token");
} else {
  chat.hidden = false;
  connect();
}

joinForm.addEventListener("submit", (event) => {
  event.preventDefault();
  roomInput.value = roomInput.value.trim();
  if (!roomInput.reportValidity()) return;
  room = roomInput.value;
  link.set("room", room);
  history.replaceState(null, "", `#${link}`);
  part("messages").replaceChildren();
  redial.reset();
  connect();
});

part("again").addEventListener("click", connect);

sayForm.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = textInput.value.trim();
  if (text === "") return;
  textInput.value = "";
  problem.textContent = "";
  try {
    await connection.request("say", { text });
    addMessage(myName, text, "mine");
  } catch (error) {
    problem.textContent = `Not sent: ${error.message}`;
    textInput.value ||= text;
  }
});

/** Connects to the room, in the place of the connection before. */
function connect() {
  redial.cancel();
  connection?.leave();
  help.hidden = true;
  ended.hidden = true;
  problem.textContent = "";
  showStatus("connecting", "Connecting…");
  connection = new Connection(`/ws/rooms/${encodeURIComponent(room)}`, {
    token,
    by: placeInput.value,
    opened: enter,
    heard: hear,
    closed: leave,
  });
}

async function enter() {
  redial.reset();
  try {
    ({ name: myName } = await connection.request("whoami"));
  } catch {
    return; // `leave` tells why
  }
  part("me").textContent = myName;
  showStatus("connected", "Connected");
  addNotice(`You are in ${room} as ${myName}`);
  textInput.focus();
}

function leave(code, reason) {
  const wasTyping = sayForm.contains(document.activeElement);
  showStatus("closed", "Not connected");
  part("why").textContent = inWords(code, reason) + redial.plan(code);
  withEndInView(() => {
    ended.hidden = false;
  });
  if (reason === "unauthorized" || reason === "token_expired") {
    showHelp("This link's token is missing or no longer valid");
  }
  // What is disabled loses the focus; without one the keyboard would be back at the top of the page.
  if (wasTyping) part("again").focus();
}

function hear(type, payload) {
  switch (type) {
    case "said":
      addMessage(payload.from, payload.text);
      break;
    case "joined":
      addNotice(`${payload.name} joined`);
      break;
    case "left":
      addNotice(`${payload.name} left`);
      break;
    case "drain":
      redial.drain(payload);
      break;
  }
}

function showStatus(state, text) {
  const status = part("status");
  status.dataset.state = state;
  status.textContent = text;
  textInput.disabled = state !== "connected";
  part("send").disabled = state !== "connected";
}

function showHelp(title) {
  part("help-title").textContent = title;
  help.hidden = false;
}

function addMessage(from, text, whose = "theirs") {
  addLine(whose, element("strong", from), element("span", text), timeNow());
}

function addNotice(text) {
  addLine("notice", element("span", text), timeNow());
}

function addLine(kind, ...parts) {
  const line = document.createElement("li");
  line.className = kind;
  line.append(...parts);
  withEndInView(() => {
    const messages = part("messages");
    messages.append(line);
    if (messages.childElementCount > 500) messages.firstElementChild.remove();
  });
  if (kind === "mine") line.scrollIntoView();
}

/** Makes a change after which the newest line is seen if it was before. Who has scrolled up to read is left there. */
function withEndInView(change) {
  const log = part("log");
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  change();
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

/** Text is set as text: whatever somebody says, none of it becomes markup. */
function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function timeNow() {
  const now = new Date();
  const time = element("time", now.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = now.toISOString();
  return time;
}
