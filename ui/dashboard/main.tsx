import { render } from "preact";
import { showTheme } from "../shared/theme.js";
import { Dashboard } from "./dashboard.js";
import { Line } from "./line.js";

showTheme();

const root = document.getElementById("root");
if (root === null) throw new Error("The page has no #root.");
// It may be served behind a path: of `/admin/dashboard` that is `/admin`.
const base = location.pathname.replace(/\/dashboard\/?$/, "");
render(<Dashboard line={new Line(base)} />, root);
