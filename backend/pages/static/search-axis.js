// The plot's axes, as pure functions: where a value lies, and which values are written beside an axis.

/** A scale from [low, high] to [from, to]; `log` needs low > 0. */
export function scale(low, high, from, to, log = false) {
  const bend = log ? Math.log10 : (value) => value;
  const unbend = log ? (value) => 10 ** value : (value) => value;
  const [least, most] = [bend(low), bend(high)];
  const span = most - least || 1;
  return {
    place: (value) => from + ((bend(value) - least) / span) * (to - from),
    value: (place) => unbend(least + ((place - from) / (to - from)) * span),
  };
}

/** Round values of an axis in [low, high]: at most about `most`. */
export function ticks(low, high, most, log = false) {
  return log ? powers(low, high, most) : steps(low, high, most);
}

function steps(low, high, most) {
  const rough = (high - low) / most || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) found.push(value);
  return found;
}

function powers(low, high, most) {
  const within = (factors) => {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
      found.push(...factors.map((factor) => factor * 10 ** power).filter((value) => value >= low && value <= high));
    }
    return found;
  };
  const fine = within([1, 2, 5]);
  const coarse = within([1]);
  if (fine.length <= most && fine.length > 1) return fine;
  return coarse.length > 1 ? coarse.filter((_, number) => number % Math.ceil(coarse.length / most) === 0) : steps(low, high, most);
}

/** Spell microseconds shortly, for an axis. */
export function spelled(microseconds) {
  const [size, unit] = [[1e6, "s"], [1e3, "ms"], [1, "µs"]].find(([least]) => microseconds >= least) ?? [1, "µs"];
  return `${Number((microseconds / size).toPrecision(3))} ${unit}`;
}

const CLOCK_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 15e3, 30e3, 60e3, 120e3, 300e3, 900e3, 1800e3, 3600e3, 7200e3, 21600e3, 43200e3, 86400e3];

/** Round moments of the reader's clock in [low, high] (milliseconds), and how to write them. */
export function moments(low, high, most) {
  const fitting = CLOCK_STEPS.find((size) => (high - low) / size <= most);
  const step = fitting ?? 86400e3 * Math.ceil((high - low) / most / 86400e3);
  const shift = new Date(low).getTimezoneOffset() * 60e3;
  const found = [];
  for (let at = Math.ceil((low - shift) / step) * step + shift; at <= high; at += step) found.push(at);
  return found.map((at) => [at, step >= 86400e3 ? day(at) : clock(at, step)]);
}

function day(at) {
  const date = new Date(at);
  return `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`;
}

function clock(at, step) {
  const [date, two] = [new Date(at), (number) => String(number).padStart(2, "0")];
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (step >= 60e3) return minutes;
  const seconds = `${minutes}:${two(date.getSeconds())}`;
  return step >= 1e3 ? seconds : `${seconds}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
