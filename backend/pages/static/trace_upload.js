// A file chosen or dropped is sent, read by the server, shown and not kept.

import { TracePage } from "./trace_page.js";
import { counted, element, foreign, spelled } from "./trace_text.js";

const upload = document.getElementById("upload");
const said = document.getElementById("said");
const file = document.getElementById("file");
const drop = document.getElementById("drop");

file.addEventListener("change", () => file.files.length && open(file.files[0]));
addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
addEventListener("dragleave", (event) => event.relatedTarget ?? drop.classList.remove("over"));
addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  if (event.dataTransfer.files.length) open(event.dataTransfer.files[0]);
});

async function open(chosen) {
  say(`Reading ${chosen.name} …`);
  try {
    const answer = await fetch("/upload", { method: "POST", body: await packed(chosen), headers: { "content-encoding": "gzip" } });
    if (!answer.ok) return say(`${chosen.name}: ${(await answer.text()).trim()}`, "mistake");
    const models = await answer.json();
    say("");
    if (models.length === 1) show(models[0], { from: chosen.name });
    else choose(models, chosen.name);
  } catch {
    say(`${chosen.name} cannot be read, or this backend does not answer; try again.`, "mistake");
  } finally {
    file.value = ""; // so that the same file, mended, can be chosen again
  }
}

/** Large files fit below the limit when they are packed; what is packed already is left so. */
async function packed(chosen) {
  const start = new Uint8Array(await chosen.slice(0, 2).arrayBuffer());
  if (start[0] === 0x1f && start[1] === 0x8b) return chosen;
  return new Response(chosen.stream().pipeThrough(new CompressionStream("gzip"))).blob();
}

function say(text, kind = "") {
  said.className = kind;
  said.replaceChildren(text);
}

function choose(models, name) {
  const others = () => {
    upload.hidden = false;
    document.getElementById("trace").hidden = true;
  };
  const rows = models.map((model) => {
    const root = model.spans[model.root];
    const title = foreign(`${model.services[root.service].name || "(unnamed)"} ${root.name || "(no name)"}`);
    const facts = `${spelled(model.duration)}, ${counted(model.spans.length, "span")}, ${counted(model.errors, "error")}`;
    return element("li", {}, element("button", { type: "button", class: "choice", onclick: () => show(model, { from: name, others }) }, element("b", {}, title), element("span", {}, facts)));
  });
  said.replaceChildren(
    element("p", {}, `${name} holds ${counted(models.length, "trace")}; which one?`),
    element("ul", { class: "choices" }, ...rows),
  );
}

let shownPage = null;

function show(model, source) {
  document.activeElement?.blur(); // the button that is about to be hidden would have the keys until the next frame
  upload.hidden = true;
  const host = document.getElementById("trace");
  host.hidden = false;
  shownPage?.close();
  shownPage = new TracePage(host, model, { stored: false, ...source });
}
