const WORDS = {
  task_queued: "queued",
  task_started: "running",
  task_progress: "running",
  task_completed: "completed",
  task_failed: "failed",
  task_cancelled: "cancelled",
};

/** A user's tasks, the newest first, each as it was said of it last. */
export class TaskList {
  #list;
  #cancel;
  #items = new Map();

  constructor(list, { cancel }) {
    this.#list = list;
    this.#cancel = cancel;
  }

  /** All that the server knows: what is not among it is gone. */
  reset(state) {
    const known = new Set(state.map(({ payload }) => payload.task));
    for (const [task, item] of this.#items) {
      if (known.has(task)) continue;
      item.remove();
      this.#items.delete(task);
    }
    for (const said of state) this.#show(said);
    this.#showWhetherEmpty();
  }

  hear(said) {
    this.#show(said);
    this.#showWhetherEmpty();
    const state = WORDS[said.type];
    // To who can't see it, its end is told, and not each percent.
    if (state !== "running") document.querySelector("#said").textContent = `${said.payload.name}: ${state}`;
  }

  #show({ type, payload: { task, name, progress, message, result, error } }) {
    const item = this.#items.get(task) ?? this.#add(task, name ?? task);
    const state = WORDS[type];
    item.dataset.state = state;
    item.querySelector(".state").textContent = state === "running" ? `${Math.round(progress)} %` : state;
    item.querySelector("progress").value = progress;
    item.querySelector(".message").textContent =
      error?.message ?? (result ? `${result.primes} primes` : (message ?? ""));
    item.querySelector("button").hidden = state !== "running" && state !== "queued";
  }

  #add(task, name) {
    const { content } = document.querySelector("#task");
    const item = content.cloneNode(true).querySelector("li");
    item.querySelector("strong").textContent = name;
    item.querySelector("progress").setAttribute("aria-label", name);
    const cancel = item.querySelector("button");
    cancel.setAttribute("aria-label", `Cancel ${name}`);
    cancel.addEventListener("click", () => this.#cancel(task));
    this.#items.set(task, item);
    this.#list.prepend(item);
    return item;
  }

  #showWhetherEmpty() {
    document.querySelector("#none").hidden = this.#items.size > 0;
  }
}
