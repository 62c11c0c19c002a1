import { runPage } from "../page-server.js";
import { signIn } from "../sign-in.js";
import { app } from "./app.js";

await runPage({ app, page: new URL("page/", import.meta.url), routes: signIn });
