import { runPage } from "../page-server.js";
import { app } from "./app.js";

await runPage({ app, page: new URL("page/", import.meta.url) });
