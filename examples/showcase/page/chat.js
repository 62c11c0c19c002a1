// The link's fragment says who it is and where to: #token=…&room=lobby. It never leaves the browser but in `connect`.
const link = new URLSearchParams(location.hash.slice(1));
const token = link.get("token");

const part = (id) => document.getElementById(id);
const [help, chat, ended, problem] = ["help", "chat", "ended", "problem"].map(part);
const [joinForm, roomInput, sayForm, textInput] = ["join", "room", "say", "text"].map(part);

/** The present connection: what comes from one before it is passed over. */
let socket;
let lastId = 0;
/** Who waits for the answer to which `id`. */
const waiting = new Map();
let myName = "";
let room = link.get("room") ?? "";

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
    await request("say", { text });
    addMessage(myName, text, "mine");
  } catch (error) {
    problem.textContent = `Not sent: ${error.message}`;
    textInput.value ||= text;
  }
});

/** Connects to the room, in the place of the connection before. */
function connect() {
  socket?.close(1000);
  dropRequests("The room was left.");
  help.hidden = true;
  ended.hidden = true;
  problem.textContent = "";
  showStatus("connecting", "Connecting…");

  const url = new URL(`/ws/rooms/${encodeURIComponent(room)}`, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.searchParams.set("token", token);
  // With this subprotocol a refusal is a close code with a reason: of an HTTP status a page is told nothing.
  const mine = new WebSocket(url, "tidings.v1");
  socket = mine;
  const whilePresent = (listener) => (event) => {
    if (socket === mine) listener(event);
  };
  mine.addEventListener("open", whilePresent(enter));
  mine.addEventListener(
    "message",
    whilePresent(({ data }) => receive(JSON.parse(data))),
  );
  mine.addEventListener("close", whilePresent(leave));
}

/** Open is not yet in: a refusal comes as a close right after it. Who gets an answer is in. */
async function enter() {
  socket.send(JSON.stringify({ type: "connect" }));
  try {
    ({ name: myName } = await request("whoami"));
  } catch {
    return; // `leave` tells why
  }
  part("me").textContent = myName;
  showStatus("connected", "Connected");
  addNotice(`You are in ${room} as ${myName}`);
  textInput.focus();
}

function leave({ code, reason }) {
  const wasTyping = sayForm.contains(document.activeElement);
  dropRequests("The connection has ended.");
  showStatus("closed", "Not connected");
  part("why").textContent =
    code === 1006
      ? "The connection was lost, or could not be made (1006)."
      : `The connection was closed: ${code} ${reason}`.trim();
  withEndInView(() => {
    ended.hidden = false;
  });
  if (reason === "unauthorized" || reason === "token_expired") {
    showHelp("This link's token is missing or no longer valid");
  }
  // What is disabled loses the focus; without one the keyboard would be back at the top of the page.
  if (wasTyping) part("again").focus();
}

/** Sends a message, and resolves with the reply. */
function request(type, payload = {}) {
  lastId += 1;
  const id = lastId;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    socket.send(JSON.stringify({ type, payload, id }));
  });
}

function receive({ type, payload, id }) {
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
    case "ping":
      socket.send(JSON.stringify({ type: "pong" }));
      break;
    case "reply":
      waiting.get(id)?.resolve(payload);
      waiting.delete(id);
      break;
    case "error":
      waiting.get(id)?.reject(new Error(payload.message));
      waiting.delete(id);
      break;
  }
}

function dropRequests(why) {
  for (const { reject } of waiting.values()) reject(new Error(why));
  waiting.clear();
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
