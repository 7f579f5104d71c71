// Look inside: one picture, and how it comes about.
import { html, useEffect, useRef, useState } from "./html.js";
import { postForBlob, postJson, useJob } from "./api.js";
import { Button, Downloads, JobProgress, NumberField, Panel, Problem, Select, Slider, Toggle, classes } from "./ui.js";
import { LARGEST_SEED, asOrder, describe, firstWish, fromAddress, isSeed, placeOfSeed, randomSeed, seedOfPlace, toAddress } from "./wish.js";
import { asText, useNewestJob, useSettled } from "./inside-parts.js";
import { Growth } from "./inside-growth.js";
import { Features } from "./inside-features.js";
import { NoiseSection, TruncationSection } from "./inside-noise.js";
import { Judge, mainClass, useFitting } from "./inside-judge.js";

const SECTIONS = [
  ["layers", "Layers", "How it grows, from coarse to fine"],
  ["features", "Feature maps", "What the layers hand on"],
  ["noise", "Noise", "What is left to chance"],
  ["truncation", "Truncation", "From the mean to more than itself"],
  ["judge", "Discriminator", "What its critic says"],
];
const SETTLED = 160; // milliseconds

// The picture with the model's own noise, as it stands: that is what is explained.
function plain(address, facts) {
  const { noise, move } = firstWish(facts);
  return { ...fromAddress(address, facts), noise, move };
}

export default function Page({ studio, facts, address, toPaint }) {
  const fields = new URLSearchParams(address);
  const [wish, setWish] = useState(() => plain(address, facts));
  const settled = useSettled(wish, SETTLED);
  const show = SECTIONS.find(([id]) => id === fields.get("show")) ?? SECTIONS[0];
  const look = { show: show[0], layer: fields.get("layer"), channel: fields.get("channel"), noisy: fields.get("noisy") };

  // What is looked at stands in the address. Steps from seed to seed replace it, so that Back leads to another page.
  const hash = (over = {}) => {
    const parts = new URLSearchParams(toAddress(wish));
    for (const [name, value] of Object.entries({ ...look, ...over })) if (value !== null && value !== "") parts.set(name, value);
    return `#/inside?${parts.toString().replaceAll("%2C", ",").replaceAll("%3A", ":")}`;
  };
  const goTo = (over) => location.replace(hash(over));
  const written = useRef(toAddress(wish));
  useEffect(() => {
    if (written.current === toAddress(settled)) return;
    written.current = toAddress(settled);
    goTo();
  }, [settled]);
  useEffect(() => {
    const other = plain(address, facts);
    if (toAddress(other) === written.current) return;
    written.current = toAddress(other);
    setWish(other);
  }, [address]);

  const change = (part) => setWish((before) => ({ ...before, ...part }));
  const toSeed = (seed) => change({ at: placeOfSeed(Math.min(LARGEST_SEED, Math.max(0, seed)), facts.map_stride), found: undefined });
  const seed = seedOfPlace(wish.at, facts.map_stride);
  useArrows((step) => toSeed(seed + step));

  useEffect(() => { document.querySelector(".tabs .here")?.scrollIntoView({ inline: "center", block: "nearest" }); }, [show[0]]);

  return html`<div><h1>Look inside</h1>
    <p class="lead">How a picture comes about: what each layer adds, what is left to chance, and what the model's own critic says of it.</p>
    <div class="inside">
      <${Subject} wish=${wish} settled=${settled} facts=${facts} seed=${seed} toSeed=${toSeed} change=${change} toPaint=${toPaint} />
      <div class="inside-main">
        <nav class="tabs" aria-label="What to look at">${SECTIONS.map(([id, name]) => html`<a href=${hash({ show: id })}
          class=${classes(id === show[0] && "here")} aria-current=${id === show[0] ? "true" : undefined}>${name}</a>`)}</nav>
        <h2>${show[2]}</h2>
        <div key=${show[0]} class="inside-section">${section({ look, wish: settled, facts, studio, goTo, change, toSeed })}</div>
      </div>
    </div>
    <${Explanation} wish=${settled} facts=${facts} studio=${studio} seed=${seed} /></div>`;
}

function section({ look, wish, facts, studio, goTo, change, toSeed }) {
  switch (look.show) {
    case "features":
      return html`<${Features} wish=${wish} layer=${look.layer} channel=${look.channel === null ? null : Number(look.channel)}
        onChoose=${(layer, channel) => goTo({ layer, channel })} />`;
    case "noise":
      return html`<${NoiseSection} wish=${wish} layer=${look.noisy} onChoose=${(noisy) => goTo({ noisy })} />`;
    case "truncation":
      return html`<${TruncationSection} wish=${wish} onChange=${(truncation) => change({ truncation })} />`;
    case "judge":
      return html`<${Judge} wish=${wish} facts=${facts} studio=${studio} onSeed=${toSeed} />`;
    default:
      return html`<${Growth} wish=${wish} />`;
  }
}

// Left and right lead from seed to seed, unless they are wanted by what has the focus.
function useArrows(onStep) {
  const step = useRef(onStep);
  step.current = onStep;
  useEffect(() => {
    const press = (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest?.("input, select, textarea, dialog")) return;
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      step.current(by);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}

function Subject({ wish, settled, facts, seed, toSeed, change, toPaint }) {
  const [src, error] = usePicture(settled);
  return html`<aside class="subject card" aria-label="The picture">
    <div class="subject-picture" style=${{ aspectRatio: `${facts.width} / ${facts.height}` }}>
      ${src && html`<img class=${classes("picture", facts.height <= 128 && "pixels")} src=${src} alt=${describe(wish, facts)} />`}</div>
    <div class="subject-controls">
      <${Problem} error=${error} />
      <div class="stepper" role="group" aria-label="Seed">
        <${Button} onClick=${() => toSeed(seed - 1)} disabled=${seed === 0} aria-label="The seed before" title="The seed before (←)">←<//>
        <${NumberField} label="Seed" value=${seed} min=${0} max=${LARGEST_SEED} onChange=${toSeed} />
        <${Button} onClick=${() => toSeed(seed + 1)} aria-label="The next seed" title="The next seed (→)">→<//>
      </div>
      ${(wish.found || !isSeed(wish)) && html`<p class="hint">${wish.found ? "A projected picture." : "A place between seeds."} The arrows lead to the seeds.</p>`}
      ${facts.classes.length > 0 && html`<${Select} label="Class" value=${mainClass(wish)} options=${facts.classes.map((name, index) => [index, name])}
        onChange=${(value) => change({ classes: { [value]: 1 } })} />`}
      <${Slider} label="Truncation" value=${wish.truncation} min=${0} max=${1.2} step=${0.05} usual=${0.8} onChange=${(truncation) => change({ truncation })} />
      <div class="row"><${Button} kind="small" onClick=${() => toSeed(randomSeed())}>Surprise me<//>
        <${Button} kind="small" onClick=${() => toPaint(wish)}>Paint with it<//></div>
      <p class="hint keys"><kbd>←</kbd> <kbd>→</kbd> lead from seed to seed.</p>
    </div></aside>`;
}

// [address, error]; the last picture stays until the next has come.
function usePicture(wish) {
  const [state, setState] = useState({});
  useEffect(() => {
    const control = new AbortController();
    postForBlob("/api/picture", asOrder(wish), { signal: control.signal }).then(
      (blob) => setState((before) => { if (before.src) URL.revokeObjectURL(before.src); return { src: URL.createObjectURL(blob) }; }),
      (error) => control.signal.aborted || setState({ error }),
    );
    return () => control.abort();
  }, [asText(wish)]);
  return [state.src, state.error];
}

function Explanation({ wish, facts, studio, seed }) {
  const [id, setId] = useNewestJob("explanation", (order) => order.model === facts.name, facts.name);
  const [job] = useJob(id);
  const [data, setData] = useState("");
  const [films, setFilms] = useState(true);
  const fitting = useFitting(studio, facts);
  const [error, setError] = useState(null);
  const start = async () => {
    setError(null);
    try {
      const order = { model: facts.name, seed, class: mainClass(wish), truncation: wish.truncation, dataset: data || null, films };
      setId((await postJson("/api/inside/explanation", order)).id);
    } catch (problem) { setError(problem); }
  };
  const busy = job && ["waiting", "running"].includes(job.state);
  return html`<${Panel} title="Keep the whole explanation" open=${false} id="explanation">
    <p>One page with all of this and more, for four seeds from ${seed} on. It has everything inside it and opens in any browser,
      without the studio. Writing it takes a minute or more, most of it for the films.</p>
    ${fitting.length > 0 && html`<${Select} label="Compare with real images of" value=${data} onChange=${setData}
      options=${[["", "none"], ...fitting.map((name) => [name, name])]} />`}
    <${Toggle} label="With films" value=${films} onChange=${setFilms} />
    <p><${Button} kind="main" onClick=${start} disabled=${busy}>Write the whole explanation<//></p>
    <${Problem} error=${error} />
    ${job && html`<${JobProgress} job=${job} />`}
    ${job?.state === "done" && html`<${Downloads} job=${job} names=${["index.html"]} />`}
  <//>`;
}
