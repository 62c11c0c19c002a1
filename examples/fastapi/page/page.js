import { Line } from "./line.js";
import { TaskList } from "./task-list.js";

const tasks = new TaskList(document.querySelector("#tasks"), { cancel: (task) => line.ask("task_cancel", { task }) });

const line = new Line({
  async fetchCredentials() {
    const response = await fetch("token", { method: "POST" });
    if (!response.ok) throw new Error(`There is no token: ${response.status}`);
    return response.json();
  },
  onMessage({ type, payload }) {
    // With a join comes how every task stands; then what is said of each.
    if (type === "subscribed") tasks.reset(payload.state ?? []);
    else if (type.startsWith("task_")) tasks.hear({ type, payload });
  },
  onStatus(state, words) {
    const status = document.querySelector("#status");
    status.dataset.state = state;
    status.textContent = words;
  },
});

const refused = document.querySelector("#refused");

document.querySelector("#start").addEventListener("submit", async (event) => {
  event.preventDefault();
  refused.textContent = "";
  const below = Number(new FormData(event.target).get("below"));
  try {
    const headers = { "content-type": "application/json" };
    const response = await fetch("jobs", { method: "POST", headers, body: JSON.stringify({ below }) });
    if (!response.ok) refused.textContent = "It could not be started. Try again in a moment.";
  } catch {
    refused.textContent = "The server can't be reached.";
  }
});

line.dial();
