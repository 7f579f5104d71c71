// Numbers of a training in words.

export const clock = (seconds) => {
  if (seconds === null || !Number.isFinite(seconds)) return "–";
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days) return `${days} d ${hours % 24} h`;
  if (hours) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return minutes ? `${minutes} min` : `${Math.ceil(seconds)} s`;
};

export const ago = (seconds) => (seconds > 86400 * 2 ? `${Math.floor(seconds / 86400)} days ago` : seconds > 10800 ? `${Math.floor(seconds / 3600)} h ago` : `${clock(seconds)} ago`);

// At most four digits that say something.
export const brief = (value) => {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e5 || (size > 0 && size < 1e-3)) return value.toExponential(1).replace("e+", "e");
  return String(Number(value.toPrecision(size >= 1000 ? 4 : 3)));
};

const thousands = (kimg) => (kimg >= 1000 ? `${brief(kimg / 1000)} million` : kimg >= 1 ? `${brief(kimg)} thousand` : `${Math.round(kimg * 1000)}`);

export const kimgs = (run) => (run.wanted ? `${brief(run.kimg)} of ${brief(run.wanted)} kimg` : `${brief(run.kimg)} kimg`);
export const imagesSeen = (kimg) => `${thousands(kimg)} images seen`;

const PHASES = {
  starting: ["is starting", "open"], running: ["is training", "open"], stopping: ["saves and stops", "open"], failed: ["failed", "bad"],
};
const STATES = { running: ["is training", "open"], finished: ["finished", "done"], stopped: ["stopped", ""], empty: ["not begun", ""] };

// How a run stands: a word, a kind for its colour, and whether it goes on.
export function stateOf(run) {
  const phase = run.phase === "running" && run.state !== "running" ? "starting" : run.phase;
  const [word, kind] = PHASES[phase] ?? STATES[run.state];
  return { word, kind, isOpen: kind === "open" };
}

export const VERDICTS = {
  healthy: ["Healthy", "Nothing is amiss so far."],
  overfitting: ["Overfitting", "The discriminator begins to know its images by heart, and stops to teach. Augmentation (aug=ada) or more images help."],
  collapsing: ["Collapsing", "The painted images become alike. Starting anew with loss=relativistic and penalty=r1+r2 helps most."],
  diverging: ["Diverging", "The numbers explode. Lower learning rates or a larger gamma help; earlier snapshots are still good."],
};
