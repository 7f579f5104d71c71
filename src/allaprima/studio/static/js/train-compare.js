// Two snapshots, the same latents: what was learned between them.
import { html, useEffect, useState } from "./html.js";
import { useJson } from "./api.js";
import { NumberField, Problem, Select, Slider } from "./ui.js";
import { runAddress } from "./train-run.js";
import { brief } from "./train-words.js";

const PAIRS = 12;

const nameOf = (run, snapshot) => `${run}, ${brief(snapshot.kimg)} kimg`;

// What is chosen on one side: a run and one of its snapshots, by their names in the address.
function useSide(run, wanted, usual) {
  const [facts, error] = useJson(run ? runAddress(run) : null);
  const snapshots = facts?.snapshots ?? [];
  const chosen = snapshots.find((each) => each.name === wanted) ?? (snapshots.length ? usual(snapshots) : null);
  return { run, facts, error, snapshots, chosen };
}

export function Compare({ runs, name, fields, to }) {
  const names = runs.map((run) => run.name);
  const ask = (key, other) => (names.includes(fields.get(key)) ? fields.get(key) : other);
  const left = useSide(ask("a", name), fields.get("from"), (all) => all[0]);
  const right = useSide(ask("b", name), fields.get("to"), (all) => all.at(-1));
  const seed = Math.max(0, Math.trunc(Number(fields.get("seed"))) || 0);
  const psi = fields.has("psi") && Number.isFinite(Number(fields.get("psi"))) ? Number(fields.get("psi")) : 1;
  const label = Math.max(0, Math.trunc(Number(fields.get("class"))) || 0);
  const [open, setOpen] = useState(null);
  const now = { a: left.run, b: right.run, from: left.chosen?.name, to: right.chosen?.name, seed, psi, class: label || null };
  const change = (changes) => to({ ...now, ...changes });
  const classes = Math.max(left.facts?.classes ?? 0, right.facts?.classes ?? 0);
  const address = (side, number) => `${runAddress(side.run)}/snapshots/${encodeURIComponent(side.chosen.name)}/picture?seed=${number}&truncation=${psi}`
    + `${side.facts.classes ? `&class=${Math.min(label, side.facts.classes - 1)}` : ""}&v=${side.chosen.version}`;
  const isReady = left.chosen && right.chosen;
  const differ = isReady && left.facts.z_dim !== right.facts.z_dim;
  const shape = (side) => side.facts.shape.length ? [side.facts.shape[1], side.facts.shape[2]] : [64, 64];
  return html`
    <p class="hint">Each pair is painted from the same latents by two snapshots. Open a pair to draw one picture over the other.</p>
    <div class="card train-compare-form">
      <${Side} letter="Left" side=${left} runs=${names} onRun=${(run) => change({ a: run, from: null })} onSnapshot=${(from) => change({ from })} />
      <${Side} letter="Right" side=${right} runs=${names} onRun=${(run) => change({ b: run, to: null })} onSnapshot=${(value) => change({ to: value })} />
      <div>
        <${NumberField} label="First seed" value=${seed} min=${0} max=${2 ** 32 - 1 - PAIRS} onChange=${(value) => change({ seed: Math.trunc(value) })} />
        <${Slider} label="Truncation" value=${psi} min=${0} max=${1.5} step=${0.05} usual=${1} onChange=${(value) => change({ psi: value })} />
        ${classes > 0 && html`<${NumberField} label="Class" value=${label} min=${0} max=${classes - 1} onChange=${(value) => change({ class: Math.trunc(value) })} />`}
      </div>
    </div>
    <${Problem} error=${left.error ?? right.error} />
    ${differ && html`<p class="hint">These two have latents of different sizes (${left.facts.z_dim} and ${right.facts.z_dim}): the same seed means nothing alike to them.</p>`}
    ${left.facts && right.facts && !isReady && html`<p class="hint">There is no snapshot to compare yet: a training writes one every few ticks.</p>`}
    ${isReady && open !== null && html`<${Wipe} left=${address(left, open)} right=${address(right, open)} shape=${shape(left)} seed=${open}
      names=${[nameOf(left.run, left.chosen), nameOf(right.run, right.chosen)]} onClose=${() => setOpen(null)} onSeed=${setOpen} />`}
    ${isReady && html`<ul class="train-pairs" aria-label="Pairs">${Array.from({ length: PAIRS }, (_, index) => seed + index).map((number) => html`<li key=${number}>
      <button type="button" class="train-pair" aria-pressed=${String(open === number)} onClick=${() => { setOpen(number); scrollTo({ top: 0, behavior: "instant" }); }}>
        <img class="picture pixels" src=${address(left, number)} width=${shape(left)[1]} height=${shape(left)[0]} alt=${`Seed ${number}, ${nameOf(left.run, left.chosen)}`} />
        <img class="picture pixels" src=${address(right, number)} width=${shape(right)[1]} height=${shape(right)[0]} alt=${`Seed ${number}, ${nameOf(right.run, right.chosen)}`} />
        <span>Seed ${number}</span></button></li>`)}</ul>`}`;
}

function Side({ letter, side, runs, onRun, onSnapshot }) {
  return html`<div>
    ${runs.length > 1 && html`<${Select} label=${`${letter}: training`} value=${side.run} options=${runs} onChange=${onRun} />`}
    <${Select} label=${`${letter}: snapshot`} value=${side.chosen?.name ?? ""} onChange=${onSnapshot}
      options=${side.snapshots.length ? side.snapshots.map((each) => [each.name, `after ${brief(each.kimg)} kimg`]) : [["", "none yet"]]} />
  </div>`;
}

// Two pictures over each other, and an edge between them that is drawn to and fro.
function Wipe({ left, right, shape, seed, names, onClose, onSeed }) {
  const [share, setShare] = useState(50);
  useEffect(() => {
    const close = (event) => event.key === "Escape" && onClose();
    addEventListener("keydown", close);
    return () => removeEventListener("keydown", close);
  }, [onClose]);
  return html`<div class="card train-wipe" role="region" aria-label=${`Seed ${seed}, both snapshots`}>
    <div class="train-wipe-names"><span>${names[0]}</span><strong>Seed ${seed}</strong><span>${names[1]}</span></div>
    <div class="train-wipe-box" style=${{ aspectRatio: `${shape[1]} / ${shape[0]}`, maxWidth: `${Math.round((560 * shape[1]) / shape[0])}px` }}>
      <img class="picture pixels" src=${right} alt=${`Seed ${seed}, ${names[1]}`} />
      <img class="picture pixels train-over" src=${left} alt=${`Seed ${seed}, ${names[0]}`} style=${{ clipPath: `inset(0 ${100 - share}% 0 0)` }} />
      <div class="train-wipe-edge" style=${{ left: `${share}%` }}></div>
      <input type="range" min="0" max="100" step="1" value=${share} aria-label="Edge between the two pictures"
        aria-valuetext=${`${share} percent ${names[0]}`} onInput=${(event) => setShare(Number(event.target.value))} />
    </div>
    <div class="train-wipe-foot">
      <button type="button" class="button small" disabled=${seed === 0} onClick=${() => onSeed(seed - 1)}>← Seed before</button>
      <button type="button" class="button small" onClick=${() => onSeed(seed + 1)}>Next seed →</button>
      <button type="button" class="button small" onClick=${onClose}>Close</button>
    </div>
  </div>`;
}
