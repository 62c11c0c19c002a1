import { fileURLToPath } from "node:url";

// The project is here, whatever lockfiles are in the folders above.
export default { turbopack: { root: fileURLToPath(new URL("..", import.meta.url)) } };
