import { useState } from "react";
import type { TaskState } from "tidings/client";
import { useTasks } from "tidings/react";
import { Icon } from "./icon.js";
import type { LiveClient } from "./showcase.js";
import { whyOf } from "./why.js";

/** The user's tasks, wherever they were started: in this window, in another, or on another device. */
export function Jobs({ client }: { readonly client: LiveClient }) {
  const tasks = useTasks(client);
  const [problem, setProblem] = useState<string>();

  async function ask(asked: Promise<unknown>): Promise<void> {
    setProblem(undefined);
    try {
      await asked;
    } catch (error) {
      setProblem(whyOf(error));
    }
  }

  return (
    <section className="jobs card" aria-labelledby="jobs-title">
      <div className="head">
        <h2 id="jobs-title">Tasks</h2>
        <div className="field">
          <button type="button" className="quiet" onClick={() => void ask(client.request("report", { pages: 20 }))}>
            Write a report
          </button>
          <button
            type="button"
            className="quiet"
            onClick={() => void ask(client.request("primes", { below: 20_000_000 }))}
          >
            Count primes
          </button>
        </div>
      </div>
      {tasks.length === 0 && (
        <p className="quiet">
          Start one, and watch it here and in a second window. The primes are counted in a worker.
        </p>
      )}
      <ul aria-label="Tasks">
        {tasks
          .slice(-SHOWN)
          .reverse()
          .map((task) => (
            <Job key={task.id} task={task} onCancel={() => void ask(client.tasks.cancel(task.id))} />
          ))}
      </ul>
      <p role="alert" className="problem">
        {problem}
      </p>
    </section>
  );
}

const SHOWN = 6;

function Job({ task, onCancel }: { readonly task: TaskState; readonly onCancel: () => void }) {
  const { name = "Task", status, progress } = task;
  const isRunning = status === "queued" || status === "started";
  return (
    <li className="job" data-status={status}>
      <p>
        <strong>{name}</strong> <span role="status">{wordsOf(task)}</span>
      </p>
      <progress value={progress} max={100} aria-label={name} />
      {isRunning ? (
        <button type="button" className="round" aria-label={`Cancel ${name}`} onClick={onCancel}>
          <Icon of="cross" />
        </button>
      ) : (
        status === "completed" && <Icon of="check" />
      )}
    </li>
  );
}

function wordsOf({ status, message, result, error }: TaskState): string {
  switch (status) {
    case "queued":
      return "waits for its turn";
    case "started":
      return message ?? "has begun";
    case "completed":
      return isFinding(result) ? result.summary : "done";
    case "failed":
      return `failed: ${error?.message}`;
    case "cancelled":
      return "cancelled";
  }
}

/** What the jobs of this page give. */
function isFinding(result: unknown): result is { readonly summary: string } {
  return typeof result === "object" && result !== null && "summary" in result;
}
