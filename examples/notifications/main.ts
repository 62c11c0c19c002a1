import { runPage } from "../page-server.js";
import { signIn } from "../sign-in.js";
import { apiKey, app } from "./app.js";

const url = await runPage({ app, page: new URL("page/", import.meta.url), routes: signIn });

const body = JSON.stringify({ channel: "inbox/Ana", type: "notified", payload: { text: "Your parcel is on its way" } });
console.log("As another backend does it:");
console.log(`curl ${url}/api/publish -H 'X-API-Key: ${apiKey}' -H 'Content-Type: application/json' -d '${body}'`);
