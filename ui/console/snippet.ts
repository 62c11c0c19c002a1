import { browserSnippet } from "./snippet-browser.js";
import { clientSnippet } from "./snippet-client.js";
import { pythonSnippet } from "./snippet-python.js";
import type { Task } from "./snippet-task.js";

export type SnippetLanguage = "client" | "browser" | "python";

/** The same task in code that somebody can copy and run. */
export function snippetOf(language: SnippetLanguage, task: Task): string {
  switch (language) {
    case "client":
      return task.endpoint.kind === "messages" ? clientSnippet(task) : browserSnippet(task);
    case "browser":
      return browserSnippet(task);
    case "python":
      return pythonSnippet(task);
  }
}
