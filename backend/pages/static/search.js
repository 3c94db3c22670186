// The search page: its form, the plot of what was found, and the choice of two traces to compare.

import { draw } from "./search-plot.js";

const form = document.getElementById("search");
const figure = document.getElementById("plot");
const compare = document.getElementById("compare");

/** A UTC time of the address as the field for local times wants it. */
function asLocal(utc) {
  const at = new Date(`${utc.replace(/Z$/, "")}Z`);
  if (Number.isNaN(at.getTime())) return utc;
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, -1);
}

function tellTimesLocally() {
  for (const name of ["since", "until"]) {
    const input = form.elements[name];
    input.value = asLocal(input.value);
    input.labels[0].textContent = input.labels[0].textContent.replace("UTC", "local time");
  }
}

/** Keep the address short, so that it can be shared: what is empty, and a range that is not asked for, is left out. */
function shorten({ formData }) {
  const custom = formData.get("lookback") === "custom";
  for (const [name, value] of [...formData]) {
    const ofRange = name === "since" || name === "until";
    if (value === "" || (ofRange && !custom)) formData.delete(name);
    else if (ofRange) formData.set(name, new Date(value).toISOString());
  }
}

async function offer(list, path, service) {
  const answer = service ? await fetch(`/api/v2/${path}?${new URLSearchParams({ serviceName: service })}`) : null;
  const names = answer?.ok ? await answer.json() : [];
  document.getElementById(list).replaceChildren(...names.map((name) => Object.assign(document.createElement("option"), { value: name })));
}

function plot() {
  const rows = [...document.querySelectorAll(".results li")];
  const traces = rows.map((row) => ({
    start: Number(row.dataset.start), duration: Number(row.dataset.duration), spans: Number(row.dataset.spans), errors: Number(row.dataset.errors),
    href: row.querySelector(".request").getAttribute("href"), service: row.querySelector(".request b").textContent,
    operation: row.querySelector(".request span").textContent, lasted: row.querySelector(".duration").textContent,
  }));
  const button = document.getElementById("scale");
  const redraw = () => {
    const linear = figure.dataset.scale === "linear";
    button.setAttribute("aria-pressed", linear);
    draw(figure, traces, !linear, narrow);
  };
  button.addEventListener("click", () => {
    figure.dataset.scale = figure.dataset.scale === "linear" ? "log" : "linear";
    form.elements.scale.value = figure.dataset.scale;
    history.replaceState(null, "", changed({ scale: figure.dataset.scale }));
    for (const link of document.querySelectorAll(".sorts a")) link.href = changed({ scale: figure.dataset.scale }, link.href);
    redraw();
  });
  figure.hidden = false;
  let width = 0;
  new ResizeObserver(() => {
    if (figure.clientWidth === width) return; // its height changes with what is drawn
    width = figure.clientWidth;
    redraw();
  }).observe(figure);
}

function changed(fields, from = location.href) {
  const address = new URL(from);
  for (const [name, value] of Object.entries(fields)) address.searchParams.set(name, value);
  return address;
}

function narrow(since, until) {
  const [first, last] = [Math.floor(since), Math.ceil(until)].map((at) => new Date(at).toISOString());
  location.assign(changed({ lookback: "custom", since: first, until: last }));
}

/** Two traces at most are chosen: a third one takes the place of the first. */
function choose() {
  const chosen = [];
  const bar = compare.querySelector(".pair");
  const update = () => {
    const names = ["a", "b"];
    for (const box of compare.querySelectorAll("[type=checkbox]")) {
      const at = chosen.indexOf(box);
      box.checked = at >= 0;
      if (at >= 0) box.name = names[at];
      else box.removeAttribute("name");
    }
    bar.hidden = chosen.length === 0;
    bar.querySelector("button").disabled = chosen.length < 2;
    bar.querySelector("span").textContent = chosen.length < 2 ? "Choose one more trace to compare" : "2 traces chosen";
  };
  compare.addEventListener("change", ({ target }) => {
    if (target.checked) chosen.push(target);
    else chosen.splice(chosen.indexOf(target), 1);
    if (chosen.length > 2) chosen.shift();
    update();
  });
  chosen.push(...compare.querySelectorAll("[type=checkbox]:checked")); // a browser keeps them on the way back
  chosen.splice(2);
  update();
}

tellTimesLocally();
form.addEventListener("formdata", shorten);
form.elements.service.addEventListener("change", ({ target }) => {
  offer("operations", "spans", target.value.trim());
  offer("remotes", "remoteServices", target.value.trim());
});
if (figure) plot();
if (compare) choose();
