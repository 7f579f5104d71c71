// Trainings: watch one, compare two snapshots, start another.
import { html, useEffect, useState } from "./html.js";
import { getJson } from "./api.js";
import { Problem, classes } from "./ui.js";
import { Dashboard } from "./train-dashboard.js";
import { Compare } from "./train-compare.js";
import { NewTraining } from "./train-new.js";
import { kimgs, stateOf } from "./train-words.js";

const BETWEEN = 4000; // milliseconds

function useRuns() {
  const [state, setState] = useState({ runs: null, error: null });
  useEffect(() => {
    let timer = 0;
    let gone = false;
    const look = async () => {
      if (!document.hidden) {
        await getJson("/api/runs").then(
          (runs) => gone || setState({ runs, error: null }),
          (error) => gone || setState((before) => ({ ...before, error })),
        );
      }
      if (!gone) timer = setTimeout(look, BETWEEN);
    };
    look();
    return () => { gone = true; clearTimeout(timer); };
  }, []);
  return state;
}

export default function Page({ studio, facts, address, go }) {
  const { runs, error } = useRuns();
  const fields = new URLSearchParams(address);
  const to = (changes) => {
    const next = new URLSearchParams({ model: facts.name });
    for (const [key, value] of Object.entries(changes)) if (value !== null && value !== undefined) next.set(key, value);
    go("train", next.toString());
  };
  if (!runs) return html`<${Heading} /><${Problem} error=${error} /><p class="hint" role="status">Looking for trainings…</p>`;
  const asked = fields.get("run");
  const view = ["new", "compare"].includes(fields.get("view")) ? fields.get("view") : runs.length || asked ? "watch" : "new";
  const first = runs.find((run) => stateOf(run).isOpen) ?? runs[0];
  const name = asked ?? first?.name ?? null;
  return html`<${Heading} />
    <${Problem} error=${error} />
    <nav class="train-views" aria-label="What to do">
      <button type="button" class="button" aria-pressed=${String(view === "watch")} disabled=${!runs.length} onClick=${() => to({ run: name })}>Watch</button>
      <button type="button" class="button" aria-pressed=${String(view === "compare")} disabled=${!runs.length} onClick=${() => to({ view: "compare", run: name })}>Compare</button>
      <button type="button" class="button" aria-pressed=${String(view === "new")} onClick=${() => to({ view: "new" })}>New training</button>
    </nav>
    ${view === "watch" && html`<${Runs} runs=${runs} name=${name} onChoose=${(run) => to({ run })} />`}
    ${view === "watch" && html`<${Dashboard} key=${name} name=${name} studio=${studio} onCompare=${() => to({ view: "compare", run: name })} />`}
    ${view === "compare" && html`<${Compare} runs=${runs} name=${name} fields=${fields} to=${(changes) => to({ view: "compare", run: name, ...changes })} />`}
    ${view === "new" && html`<${NewTraining} studio=${studio} runs=${runs} onStarted=${(run) => to({ run })} />`}`;
}

function Heading() {
  return html`<h1>Train</h1>
    <p class="lead">Two networks play against each other: a generator paints, a discriminator says what looks painted.
      Watch how they learn, and whether they are well.</p>`;
}

// The runs as a strip; the chosen one is pressed.
function Runs({ runs, name, onChoose }) {
  if (runs.length < 2) return null;
  return html`<ul class="train-runs" aria-label="Trainings">${runs.map((run) => {
    const state = stateOf(run);
    const share = run.wanted ? Math.min(1, run.kimg / run.wanted) : 0;
    return html`<li key=${run.name}><button type="button" class="train-run" aria-pressed=${String(run.name === name)} onClick=${() => onChoose(run.name)}>
      <strong>${run.name}</strong>
      <span class=${classes("train-state", state.kind)}>${state.word}</span>
      <span class="train-share">${kimgs(run)}</span>
      <progress max="1" value=${share} aria-hidden="true"></progress>
    </button></li>`;
  })}</ul>`;
}
