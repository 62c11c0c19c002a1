import { app } from "./app.js";

const { url } = await app.listen(); // at TIDINGS_PORT, else 8000
console.log(`listening on ${url}`);
