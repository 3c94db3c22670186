// Keeps the board up to date in place: where one reads, and what one has selected, stays.

const EVERY = 2_000; // ms
const PARTS = ["join", "sum", "scores"];
const gone = document.getElementById("gone");

async function renew() {
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) throw new Error(answer.statusText);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const id of PARTS) {
      const [old, now] = [document.getElementById(id), fresh.getElementById(id)];
      if (old.innerHTML !== now.innerHTML) old.replaceChildren(...now.childNodes);
    }
    document.title = fresh.title;
    gone.textContent = "";
  } catch {
    gone.textContent = gone.dataset.text; // the last scores stay on the page
  }
  setTimeout(renew, EVERY);
}

setTimeout(renew, EVERY);
