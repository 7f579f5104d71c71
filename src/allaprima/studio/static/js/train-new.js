// A training to be: choose, check, start.
import { html, useState } from "./html.js";
import { postJson, useJson } from "./api.js";
import { Button, Choice, NumberField, Panel, Problem, Select, TextField, Toggle } from "./ui.js";
import { Recipe } from "./train-dashboard.js";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/;
const SETTING = /^[A-Za-z_0-9]{1,40}=[A-Za-z0-9.:+ _-]{1,100}$/;
const SIZES = [["recipe", "As the recipe says"], ["small", "Small"], ["tiny", "Tiny"]];

const freeName = (data, taken) => {
  const stem = data.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^[-_]+/, "").slice(0, 32) || "training";
  const names = taken.map((name) => name.toLowerCase());
  return Array.from({ length: 200 }, (_, index) => `${stem}-${index + 1}`).find((name) => !names.includes(name.toLowerCase())) ?? stem;
};

// Those that were tuned for small machines come first.
const sorted = (recipes) => [...recipes.filter((name) => name.startsWith("laptop")), ...recipes.filter((name) => !name.startsWith("laptop"))];

export function NewTraining({ studio, runs, onStarted }) {
  if (!studio.allow_training) {
    return html`<div class="card"><h2>A new training</h2><p>This studio was not told to train. Start it like this, and this page starts trainings:</p>
      <p><code>allaprima studio --allow-training --data my-images.zip</code></p></div>`;
  }
  if (!studio.datasets.length) {
    return html`<div class="card"><h2>A new training</h2><p>A training needs images. Start the studio with an archive or a folder of them:</p>
      <p><code>allaprima studio --allow-training --data my-images.zip</code></p></div>`;
  }
  return html`<${Form} studio=${studio} runs=${runs} onStarted=${onStarted} />`;
}

function Form({ studio, runs, onStarted }) {
  const [recipes, missing] = useJson("/api/recipes");
  const [plan, setPlan] = useState(() => ({
    data: studio.datasets[0], recipe: "laptop", kimg: 1000, size: "recipe", mirror: false, labels: false, settings: "",
    name: freeName(studio.datasets[0], runs.map((run) => run.name)), isNamed: false,
  }));
  const [checked, setChecked] = useState(null);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState("");
  const change = (changes) => { setPlan({ ...plan, ...changes }); setChecked(null); setError(null); };
  const chooseData = (data) => change({ data, ...(plan.isNamed ? {} : { name: freeName(data, runs.map((run) => run.name)) }) });
  const settings = plan.settings.split(/[\s,]+/).filter(Boolean);
  const wrong = settings.find((each) => !SETTING.test(each));
  const order = { data: plan.data, recipe: plan.recipe, kimg: plan.kimg, size: plan.size, mirror: plan.mirror, labels: plan.labels, settings };
  const isNameFine = NAME.test(plan.name);
  const send = async (verb, address, content, onDone) => {
    setBusy(verb);
    setError(null);
    await postJson(address, content).then(onDone, setError);
    setBusy("");
  };
  return html`<div class="with-side train-new">
    <form class="card" onSubmit=${(event) => { event.preventDefault(); send("start", "/api/trainings", { ...order, name: plan.name }, (made) => onStarted(made.name)); }}>
      <h2>A new training</h2>
      <div class="train-fields">
        <${Select} label="Images to learn from" value=${plan.data} options=${studio.datasets} onChange=${chooseData} />
        <${TextField} label="Name" value=${plan.name} onChange=${(name) => change({ name, isNamed: true })} hint=${isNameFine ? "Its directory is called like this." : "Letters, digits, - and _; it begins with a letter or a digit."} />
        <${Select} label="Recipe" value=${plan.recipe} options=${recipes ? sorted(recipes) : [plan.recipe]} onChange=${(recipe) => change({ recipe })}
          hint="Those called laptop learn small images on a processor; the others are the published ones, for GPUs." />
        <${NumberField} label="Length, in thousands of images" value=${plan.kimg} min=${0.001} max=${1e6} step="any" onChange=${(kimg) => change({ kimg })}
          hint="It can be stopped at any time, and made longer later." />
      </div>
      <${Choice} label="Size of the networks" value=${plan.size} options=${SIZES} onChange=${(size) => change({ size })} />
      <p><${Toggle} label="Show images mirrored, too" value=${plan.mirror} onChange=${(mirror) => change({ mirror })} />
        <${Toggle} label="Learn the classes of the images" value=${plan.labels} onChange=${(labels) => change({ labels })} /></p>
      <${Panel} title="More settings" open=${false}>
        <${TextField} label="Fields of the recipe, as gamma=2 batch=16" value=${plan.settings} onChange=${(text) => change({ settings: text })} placeholder="gamma=2 batch=16"
          hint=${wrong ? `${wrong} is not of the form field=value.` : "Check shows all fields of the recipe."} />
      <//>
      <div class="row">
        <${Button} kind="main" type="submit" disabled=${Boolean(busy || wrong || !isNameFine)}>${busy === "start" ? "Starting…" : "▶ Start"}<//>
        <${Button} disabled=${Boolean(busy || wrong)} onClick=${() => send("check", "/api/trainings/check", order, setChecked)}>${busy === "check" ? "Checking…" : "Check"}<//>
      </div>
      <${Problem} error=${error ?? missing} />
    </form>
    <aside class="card" aria-label="What it would be" role="status">
      <h3>What it would be</h3>
      ${busy === "check" && html`<p class="hint">Looking at the images and building the networks, without training…</p>`}
      ${!checked && busy !== "check" && html`<p class="hint"><strong>Check</strong> says how large the networks are and what memory they need, and finds settings that do not fit. Nothing is started.</p>`}
      ${checked && html`<ul class="train-checked">${checked.sentences.map((line) => html`<li>${line[0].toUpperCase()}${line.slice(1)}</li>`)}</ul>
        <${Panel} title="The recipe, decided" open=${false}><${Recipe} recipe=${checked.recipe} /><//>`}
    </aside>
  </div>`;
}
