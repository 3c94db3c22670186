// Looks for a trace that may still be on its way: senders hold spans back for some seconds.

const EVERY = 1000;
const TRIES = 20;
const waiting = document.getElementById("waiting");

for (let left = TRIES; left > 0; left -= 1) {
  waiting.textContent = `Spans may still be on their way: looking again for ${left} s.`;
  await new Promise((resolve) => setTimeout(resolve, EVERY));
  const answer = await fetch(location.href, { method: "HEAD" }).catch(() => null);
  if (answer?.ok) location.reload();
}
waiting.textContent = "It did not arrive while this page looked. Reload to look again.";
