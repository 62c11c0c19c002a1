import { useCallback, useMemo, useSyncExternalStore } from "react";
import type { Tasks } from "../client/client.js";
import type { TaskId, TaskState } from "../declare/task.js";

/** A client of an endpoint that lists `tasks` in its channels. */
export interface WithTasks {
  readonly tasks: Tasks;
}

/**
 * How a task stands: `useTask(client, id)?.progress`. Undefined where no id is given, and where it is not known, or no more.
 * The id remembers what the task gives. Renders again with each news of it.
 */
export function useTask<Result>(
  client: WithTasks | undefined,
  id: TaskId<Result> | undefined,
): TaskState<Result> | undefined {
  // Sound: an id of a task that gives a `Result` is that task's.
  const read = () => (id === undefined ? undefined : (client?.tasks.all.get(id) as TaskState<Result> | undefined));
  return useSyncExternalStore(useTaskNews(client), read, readNothing);
}

/** All tasks of the user: those that run, and those that ended not long ago. Renders again with each news of one. */
export function useTasks(client: WithTasks | undefined): readonly TaskState[] {
  const read = useMemo(() => {
    let last = noTasks;
    return () => {
      const tasks = client === undefined ? noTasks : [...client.tasks.all.values()];
      // React takes another array for another value, so it is the same one while there is no news.
      if (!areSame(tasks, last)) last = tasks;
      return last;
    };
  }, [client]);
  return useSyncExternalStore(useTaskNews(client), read, readNoTasks);
}

function useTaskNews(client: WithTasks | undefined): (onChange: () => void) => () => void {
  return useCallback(
    (onChange) => {
      const end = client?.tasks.on("change", onChange);
      // React before 19.3 does not look again when a hidden part of the page, which followed nothing, is shown again.
      onChange();
      return () => end?.();
    },
    [client],
  );
}

const noTasks: readonly TaskState[] = [];

function areSame(a: readonly TaskState[], b: readonly TaskState[]): boolean {
  return a.length === b.length && a.every((task, index) => task === b[index]);
}

function readNothing(): undefined {}

function readNoTasks(): readonly TaskState[] {
  return noTasks;
}
