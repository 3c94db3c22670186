// The page of a stored trace: its model stands in the page.

import { TracePage } from "./trace_page.js";

const model = JSON.parse(document.getElementById("model").textContent);
new TracePage(document.getElementById("trace"), model, { stored: true });
performance.mark("trace-shown");
