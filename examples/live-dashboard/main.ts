import { runPage } from "../page-server.js";
import { app } from "./app.js";
import { routes } from "./routes.js";

await runPage({ app, page: new URL("page/", import.meta.url), routes });
