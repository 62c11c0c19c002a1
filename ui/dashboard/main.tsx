import { render } from "preact";
import { showTheme, ThemeSwitch } from "../shared/theme.js";

showTheme();
const root = document.getElementById("root");
if (root !== null) render(<ThemeSwitch />, root);
