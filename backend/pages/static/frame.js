// Times are served as UTC, for browsers without script; with it they are told in the reader's own time zone.

const DAY = 86_400_000;
const STEPS = [[1000, "second"], [60_000, "minute"], [3_600_000, "hour"], [DAY, "day"], [365 * DAY, "year"]];
const WORDS = new Intl.RelativeTimeFormat("en", { numeric: "always" });

/** How long ago a moment (milliseconds since the epoch) was, in words. */
export function ago(moment, now = Date.now()) {
  const past = moment - now;
  if (Math.abs(past) < 1000) return "now";
  const [unit, name] = STEPS.findLast(([size]) => Math.abs(past) >= size) ?? STEPS[0];
  return WORDS.format(Math.trunc(past / unit), name);
}

/** The reader's own date and time of a moment, as 2026-11-23 14:05:07.123; the date only where it is not today. */
export function local(moment, today = new Date()) {
  const at = new Date(moment);
  const two = (number) => String(number).padStart(2, "0");
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;
  return at.toDateString() === today.toDateString() ? time : `${date} ${time}`;
}

/** Rewrite the times below an element; one of class `ago` says how long ago it was as well. */
export function localise(element) {
  for (const time of element.querySelectorAll("time[datetime]")) {
    const moment = Date.parse(time.dateTime);
    if (Number.isNaN(moment)) continue;
    time.title = time.dateTime;
    time.textContent = time.classList.contains("ago") ? `${local(moment)} · ${ago(moment)}` : local(moment);
  }
}

localise(document);
