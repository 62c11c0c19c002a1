import { app } from "./app.js";

const { url } = await app.listen();
console.log(`listening on ${url}`);
