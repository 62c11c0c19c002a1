import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Showcase } from "./showcase.js";
import { showTheme } from "./theme.js";

showTheme();
// A link with another token or room is another visit.
addEventListener("hashchange", () => location.reload());

const root = document.getElementById("root");
if (root === null) throw new Error("The page has no #root.");
createRoot(root).render(
  <StrictMode>
    <Showcase />
  </StrictMode>,
);
