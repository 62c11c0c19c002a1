import { once } from "node:events";
import { server } from "./app.js";

await once(server.listen(Number(process.env.PORT ?? 8000), "127.0.0.1"), "listening");
console.log("listening");
