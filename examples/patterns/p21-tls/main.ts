import { app } from "./app.js";
import { makeCertificate } from "./certificate.js";

const { url } = await app.listen(8443, { tls: makeCertificate() });
console.log(`listening on ${url}`);
