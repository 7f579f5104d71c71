// All that can be done to a picture, one panel for each idea. What a model cannot do is not offered.
import { html, useState } from "./html.js";
import { getJson, modelAddress } from "./api.js";
import { Button, Choice, NumberField, Panel, Problem, Select, Slider, Toggle, useDraft } from "./ui.js";
import { LARGEST_SEED, isStill, placeOfSeed, randomSeed, seedOfPlace } from "./wish.js";

const FEW_CLASSES = 8;
const SHOWN_DIRECTIONS = 6;
const STILL = { rotate: 0, x: 0, y: 0, scale: 1 };

export function Panels(props) {
  const { facts } = props;
  return html`
    <${Place} ...${props} />
    ${facts.classes.length > 0 && html`<${Classes} ...${props} />`}
    ${facts.is_movable && html`<${Movement} ...${props} />`}
    <${Directions} ...${props} />
    ${facts.layers.length > 1 && html`<${Layers} ...${props} />`}
    ${facts.noise.length > 0 && html`<${NoisePanel} ...${props} />`}
    <${About} facts=${facts} />`;
}

function Place({ facts, wish, change }) {
  const most = facts.layers.length;
  return html`<${Panel} title="Place and daring">
    <${NumberField} label="Seed" min=${0} max=${LARGEST_SEED} value=${seedOfPlace(wish.at ?? [0, 0], facts.map_stride)}
      onChange=${(seed) => change({ at: placeOfSeed(Math.round(seed), facts.map_stride), found: undefined })} />
    <${Slider} label="Truncation" value=${wish.truncation} min=${-0.5} max=${1.5} usual=${0.8} onChange=${(truncation) => change({ truncation })}
      hint="0 is the average picture; near 1 is daring, and fails more often." />
    ${most > 1 && html`<${Slider} label="Truncated layers" value=${wish.cutoff ?? most} min=${0} max=${most} step=${1} usual=${most}
      onChange=${(cutoff) => change({ cutoff: cutoff === most ? null : cutoff })}
      format=${(cutoff) => (cutoff === most ? "all" : cutoff ? `the first ${cutoff}` : "none")} />`}
  <//>`;
}

function Classes({ facts, wish, change }) {
  const weights = wish.classes;
  const few = facts.classes.length <= FEW_CLASSES;
  const shown = few ? facts.classes.map((_, index) => index) : Object.keys(weights).map(Number);
  const set = (index, weight) => {
    const next = { ...weights, [index]: weight };
    // A model with classes needs one: the last weight does not go to nothing.
    if (Object.values(next).some((value) => value > 0)) change({ classes: Object.fromEntries(Object.entries(next).filter(([, value]) => value > 0)) });
  };
  return html`<${Panel} title="Classes" hint="Two at once give something between them.">
    ${shown.map((index) => html`<${Slider} key=${index} label=${facts.classes[index]} value=${weights[index] ?? 0} min=${0} max=${1}
      onChange=${(weight) => set(index, weight)} />`)}
    ${!few && html`<${Select} label="Add a class" value="" options=${[["", "…"], ...facts.classes.map((name, index) => [index, name])]}
      onChange=${(index) => index !== "" && set(Number(index), 0.5)} />`}
    <div class="row">${few && facts.classes.map((name, index) => html`<${Button} kind="small" onClick=${() => change({ classes: { [index]: 1 } })}>Only ${name}<//>`)}</div>
  <//>`;
}

function Movement({ wish, change }) {
  const set = (key) => (value) => change({ move: { ...wish.move, [key]: value } });
  return html`<${Panel} title="Movement" hint="Drag the frame on the picture; its corner turns and scales.">
    <${Slider} label="Turn" value=${wish.move.rotate} min=${-180} max=${180} step=${1} usual=${0} onChange=${set("rotate")} format=${(v) => `${Math.round(v)}°`} />
    <${Slider} label="Right" value=${wish.move.x} min=${-1} max=${1} usual=${0} onChange=${set("x")} />
    <${Slider} label="Down" value=${wish.move.y} min=${-1} max=${1} usual=${0} onChange=${set("y")} />
    <${Slider} label="Size" value=${Math.log2(wish.move.scale)} min=${-2} max=${2} usual=${0} onChange=${(log) => set("scale")(2 ** log)} format=${(log) => `${(2 ** log).toFixed(2)}×`} />
    <${Button} kind="small" disabled=${isStill(wish.move)} onClick=${() => change({ move: STILL })}>Back to the middle<//>
  <//>`;
}

function Directions({ facts, wish, change }) {
  const [found, setFound] = useState([]);
  const [method, setMethod] = useState("sefa");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const [most, setMost] = useState(SHOWN_DIRECTIONS);
  const find = async () => {
    setBusy(true);
    try {
      setFound(await getJson(`${modelAddress(facts.name)}/directions?method=${method}`));
      setError(null);
    } catch (problem) {
      setError(problem);
    }
    setBusy(false);
  };
  const strength = (name) => wish.push.find((each) => each.direction === name)?.strength ?? 0;
  const set = (name, value) => change({
    push: [...wish.push.filter((each) => each.direction !== name), ...(value ? [{ direction: name, strength: value }] : [])]
      .sort((a, b) => (a.direction < b.direction ? -1 : 1)),
  });
  const names = [...new Set([...wish.push.map((each) => each.direction), ...found.slice(0, most).map((each) => each.name)])]
    .sort((a, b) => (a.split("-")[0] === b.split("-")[0] ? Number(a.split("-")[1]) - Number(b.split("-")[1]) : a < b ? -1 : 1));
  return html`<${Panel} title="Directions" hint="What changes most in this model's pictures. Nobody named it: push, and see what it is.">
    ${names.map((name) => html`<${Slider} key=${name} label=${title(name)} value=${strength(name)} min=${-6} max=${6} step=${0.05} usual=${0}
      onChange=${(value) => set(name, value)} />`)}
    <div class="row">
      <${Select} label="Method" value=${method} onChange=${setMethod} options=${[["sefa", "from the weights (SeFa)"], ["pca", "from samples (PCA)"]]} />
    </div>
    <div class="row">
      <${Button} onClick=${find} disabled=${busy}>${busy ? "Looking…" : "Find directions"}<//>
      ${found.length > most && html`<${Button} kind="small" onClick=${() => setMost(found.length)}>Show all ${found.length}<//>`}
      ${wish.push.length > 0 && html`<${Button} kind="small" onClick=${() => change({ push: [] })}>Back to 0<//>`}
    </div>
    <${Problem} error=${error} />
  <//>`;
}

const title = (name) => {
  const [method, index] = name.split("-");
  return `${method === "sefa" ? "Direction" : "Component"} ${Number(index) + 1}`;
};

// Which seed paints each layer: wish.mix as a table, and back.
const seedsOf = (wish, count) => {
  const seeds = new Array(count).fill(null);
  for (const { seed, layers } of wish.mix) for (const layer of layers) seeds[layer] = seed;
  return seeds;
};
const mixOf = (seeds) => {
  const layers = new Map();
  seeds.forEach((seed, layer) => { if (seed !== null) layers.set(seed, [...(layers.get(seed) ?? []), layer]); });
  return [...layers].map(([seed, own]) => ({ seed, layers: own }));
};
const WORDS = { coarse: "Coarse layers: shape", middle: "Middle layers: parts", fine: "Fine layers: colour, texture" };

function Layers({ facts, wish, change }) {
  const [each, setEach] = useState(false);
  const seeds = seedsOf(wish, facts.layers.length);
  const set = (layers, seed) => {
    for (const layer of layers) seeds[layer] = seed;
    change({ mix: mixOf(seeds) });
  };
  const groups = each ? facts.layers.map((layer, index) => [layer.name, [index]])
    : Object.keys(WORDS).map((depth) => [WORDS[depth], facts.layers.flatMap((layer, index) => (layer.depth === depth ? [index] : []))])
      .filter(([, layers]) => layers.length);
  return html`<${Panel} title="Layers from other pictures" open=${wish.mix.length > 0}
      hint="Let another seed paint some of the layers: its shapes with these colours.">
    ${groups.map(([name, layers]) => html`<${LayerRow} key=${name} name=${name} seeds=${layers.map((layer) => seeds[layer])}
      onSeed=${(seed) => set(layers, seed)} />`)}
    <div class="row"><${Toggle} label="Each layer by itself" value=${each} onChange=${setEach} />
      ${wish.mix.length > 0 && html`<${Button} kind="small" onClick=${() => change({ mix: [] })}>None of others<//>`}</div>
  <//>`;
}

function LayerRow({ name, seeds, onSeed }) {
  const [first] = seeds;
  const alike = seeds.every((seed) => seed === first);
  const [shown, typing, done] = useDraft(alike ? first ?? "" : "");
  return html`<div class="layer-row">
    <span>${name}</span>
    <input type="number" min="0" max=${LARGEST_SEED} aria-label=${`Seed of ${name}`} placeholder=${alike ? "own" : "several"}
      value=${shown} ...${typing} onChange=${(event) => {
        done();
        const text = event.target.value.trim();
        onSeed(text === "" ? null : Math.min(LARGEST_SEED, Math.max(0, Math.round(Number(text)) || 0)));
      }} />
    <${Button} kind="small" title="A random seed" aria-label=${`A random seed for ${name}`} onClick=${() => onSeed(randomSeed())}>⚄<//>
    <${Button} kind="small" title="Its own" aria-label=${`${name}: its own again`} disabled=${alike && first === null} onClick=${() => onSeed(null)}>×<//>
  </div>`;
}

const SPEEDS = [[0, "still"], [0.5, "slow"], [1, "usual"], [3, "fast"]];

function NoisePanel({ facts, wish, change, playing, setPlaying }) {
  const { noise } = wish;
  const set = (part) => change({ noise: { ...noise, ...part } });
  const silence = (name, quiet) => set({ silent: facts.noise.filter((each) => (each === name ? quiet : noise.silent.includes(each))) });
  return html`<${Panel} title="Noise" open=${noise.mode !== "const" || noise.silent.length > 0} hint="Small accidents, such as where each hair lies. It changes no shape.">
    <${Choice} label="Which" value=${noise.mode} onChange=${(mode) => { set({ mode }); setPlaying(mode === "moving" ? playing || 1 : 0); }}
      options=${[["const", "the model's own"], ["random", "another"], ["moving", "moving"], ["none", "none"]]} />
    ${(noise.mode === "random" || noise.mode === "moving") && html`<div class="row">
      <${NumberField} label="Seed of the noise" min=${0} max=${LARGEST_SEED} value=${noise.seed} onChange=${(seed) => set({ seed: Math.round(seed) })} />
      <${Button} kind="small" onClick=${() => set({ seed: randomSeed() })}>Another<//></div>`}
    ${noise.mode === "moving" && html`
      <${Slider} label="Time" value=${noise.time} min=${0} max=${1} onChange=${(time) => { setPlaying(0); set({ time }); }} />
      <${Choice} label="Speed" value=${playing} options=${SPEEDS} onChange=${setPlaying} />`}
    ${noise.mode !== "none" && html`<details class="layers-with-noise"><summary>In which layers</summary>
      ${facts.noise.map((name) => html`<${Toggle} key=${name} label=${name || "all"} value=${!noise.silent.includes(name)} onChange=${(on) => silence(name, !on)} />`)}
    </details>`}
  <//>`;
}

function About({ facts }) {
  return html`<${Panel} title="About this model" open=${false}>
    <table><tbody>${facts.facts.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>
  <//>`;
}
