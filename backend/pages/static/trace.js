// The page of a stored trace: its model stands in the page. The marks tell a measurement where the time went.

import { TracePage } from "./trace_page.js";

const begun = performance.now();
const model = JSON.parse(document.getElementById("model").textContent);
performance.measure("trace-parsed", { start: begun });
new TracePage(document.getElementById("trace"), model, { stored: true });
performance.mark("trace-shown");
