import type { App } from "tidings";
import { cancelTask, reportTask, startTask, startWorkerTask, type TaskId, tasks } from "tidings/tasks";

declare const app: App;
declare const count: TaskId<number>;

// @ts-expect-error no app
startTask("ana", () => {});
// @ts-expect-error a user is told by its id
startTask(app, { id: "ana" }, () => {});
// @ts-expect-error a work is a function
startTask(app, "ana", Promise.resolve());
// @ts-expect-error no such option
startTask(app, "ana", () => {}, { nmae: "export" });
// @ts-expect-error a progress is a number
startTask(app, "ana", (task) => task.progress("40"));
// @ts-expect-error what it is at is a text
startTask(app, "ana", (task) => task.progress(40, { page: 3 }));
// @ts-expect-error a work is given no user
startTask(app, "ana", (task) => task.user);

// @ts-expect-error a module is told by its URL
startWorkerTask(app, "ana", "./render.js", {});
// @ts-expect-error an input is given, though it be undefined
startWorkerTask(app, "ana", new URL("file:///render.js"));

// @ts-expect-error nothing to report
reportTask(app, "ana", "t1", {});
// @ts-expect-error a status that there is not
reportTask(app, "ana", "t1", { status: "running" });
// @ts-expect-error a result completes it: there is no status for that
reportTask(app, "ana", "t1", { status: "completed" });
// @ts-expect-error an error says why, by a code and words
reportTask(app, "ana", "t1", { error: "it broke" });
// @ts-expect-error an id is a text
cancelTask(app, "ana", 7);

// @ts-expect-error a task of another result
const word: TaskId<string> = count;
void word;

// @ts-expect-error the channel of a user's tasks is the user's
tasks();
// @ts-expect-error and names them as `user`
tasks({ id: "ana" });
// @ts-expect-error a family of channels is not one of them
app.publish(tasks, "task_started", { task: "t1", progress: 0, timestamp: "" });
// @ts-expect-error there is nobody present
app.presence(tasks({ user: "ana" }));
