// One training at a glance.
import { html, useState } from "./html.js";
import { postJson } from "./api.js";
import { Button, NumberField, Panel, Problem, Select, classes } from "./ui.js";
import { Curves } from "./train-curves.js";
import { Film } from "./train-film.js";
import { Sheets, sheetAt } from "./train-sheets.js";
import { runAddress, useRun } from "./train-run.js";
import { VERDICTS, ago, brief, clock, imagesSeen, kimgs, stateOf } from "./train-words.js";

export function Dashboard({ name, studio, onCompare }) {
  const { facts, numbers, error, refresh } = useRun(name);
  const [wanted, setWanted] = useState(null);
  if (!facts) return html`<${Problem} error=${error} />${!error && html`<p class="hint" role="status">Reading ${name}…</p>`}`;
  return html`
    <${Problem} error=${error} />
    <div class="train-top">
      <${Status} facts=${facts} />
      <${Control} facts=${facts} studio=${studio} onChange=${refresh} />
    </div>
    <section aria-labelledby="train-images"><h2 id="train-images">What it paints</h2>
      <div class="card"><${Sheets} facts=${facts} wanted=${wanted} onWanted=${setWanted} /></div>
    </section>
    <section aria-labelledby="train-curves"><h2 id="train-curves">Curves</h2>
      <p class="hint">Across: thousands of images seen. Point at a curve to read its numbers; click to see what was painted then.</p>
      <${Curves} numbers=${numbers} metrics=${facts.metrics} onPick=${(kimg) => setWanted(sheetAt(facts.sheets, kimg))} />
    </section>
    <div class="two train-end">
      <section aria-labelledby="train-film"><h2 id="train-film">Film</h2><div class="card"><${Film} key=${facts.name} facts=${facts} studio=${studio} /></div></section>
      <section aria-labelledby="train-more"><h2 id="train-more">More</h2>
        ${facts.snapshots.length > 1 && html`<div class="card train-compare-offer"><p>${facts.snapshots.length} snapshots are kept, the newest after ${imagesSeen(facts.snapshots.at(-1).kimg)}.</p>
          <${Button} onClick=${onCompare}>Compare two of them<//></div>`}
        <${Panel} title="Log" open=${false}><${Lines} lines=${facts.log} empty="Nothing is written yet." /><//>
        ${facts.said.length > 0 && html`<${Panel} title="What the process said" open=${facts.phase === "failed"}><${Lines} lines=${facts.said} /><//>`}
        ${Object.keys(facts.recipe).length > 0 && html`<${Panel} title="Recipe" open=${false}><${Recipe} recipe=${facts.recipe} /><//>`}
      </section>
    </div>`;
}

function Status({ facts }) {
  const state = stateOf(facts);
  const share = facts.wanted ? Math.min(1, facts.kimg / facts.wanted) : null;
  const rows = [
    ["Speed", facts.images_per_second ? `${brief(facts.images_per_second)} images/s` : "–"],
    ["Time left", state.isOpen ? clock(facts.seconds_left) : "–"],
    ["Trained for", clock(facts.seconds_trained)],
    ["Memory", facts.memory_gb ? `${brief(facts.memory_gb)} GB` : "–"],
    ["Images", facts.shape.length ? `${facts.shape[1]}×${facts.shape[2]}` : "–"],
    ["Last news", facts.updated ? ago(Math.max(0, Date.now() / 1000 - facts.updated)) : "–"],
  ];
  return html`<section class="card train-status" aria-label=${`How ${facts.name} stands`}>
    <div class="train-name"><h2>${facts.name}</h2><span class=${classes("train-state", state.kind)} role="status">${state.word}</span></div>
    ${share !== null && html`<progress max="1" value=${share} aria-label=${kimgs(facts)}></progress>`}
    <p class="train-seen"><strong>${kimgs(facts)}</strong>${share === null ? "" : ` · ${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`}</p>
    <dl class="train-facts">${rows.map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
    <${Verdict} facts=${facts} />
  </section>`;
}

// The verdict of the last tick. Who started the training here also has the reason and the remedy, which it printed.
function Verdict({ facts }) {
  if (facts.phase === "failed") return html`<p class="problem" role="alert"><strong>It failed.</strong> ${facts.problem}</p>`;
  const [word, sentence] = VERDICTS[facts.condition] ?? ["No verdict", facts.ticks ? "This run's log holds no verdicts on its health." : "The first comes with the first tick."];
  const said = facts.said.findLast((line) => line.startsWith(`the training is ${facts.condition}`));
  return html`<p class=${classes("train-verdict", facts.condition)}><strong>${word}.</strong> ${said ? `${said[0].toUpperCase()}${said.slice(1)}.` : sentence}</p>`;
}

function Control({ facts, studio, onChange }) {
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const [kimg, setKimg] = useState(null);
  const [data, setData] = useState(studio.datasets.includes(facts.data) ? facts.data : "");
  const state = stateOf(facts);
  const isOurs = ["running", "stopping"].includes(facts.phase);
  const send = async (address, content) => {
    setBusy(true);
    setError(null);
    await postJson(address, content).then(onChange, setError);
    setBusy(false);
  };
  let content;
  if (!studio.allow_training) {
    content = html`<p class="hint">Here one can only watch. <code>allaprima studio --allow-training --data …</code> lets this page start, stop and continue trainings.</p>`;
  } else if (isOurs) {
    content = html`<p>It saves its state before it stops, and can go on exactly there. It also stops when the studio is closed.</p>
      <${Button} onClick=${() => send(`/api/trainings/${encodeURIComponent(facts.name)}/stop`, {})} disabled=${busy || facts.phase === "stopping"}>
        ${facts.phase === "stopping" ? "It saves and stops…" : "■ Save and stop"}<//>`;
  } else if (state.isOpen && facts.phase !== "failed") {
    content = html`<p class="hint">It was started outside the studio: press Ctrl-C there to stop it. It saves first.</p>`;
  } else if (!studio.datasets.length) {
    content = html`<p class="hint">To go on, start the studio with <code>--data</code> and the images that it was trained on${facts.data ? html` (<code>${facts.data}</code>)` : ""}.</p>`;
  } else {
    const isDone = facts.state === "finished";
    const length = kimg ?? (isDone ? 2 * facts.wanted : facts.wanted ?? 1000);
    content = html`<p>${isDone ? "It has seen all that it was to see. A larger length goes on with it." : "It goes on exactly where it stopped."}</p>
      <div class="train-again">
        <${Select} label="Images" value=${data} options=${[["", "as at its start"], ...studio.datasets]} onChange=${setData} />
        <${NumberField} label="Until, in kimg" value=${length} min=${0.001} max=${1e6} step="any" onChange=${setKimg} />
      </div>
      <${Button} kind="main" disabled=${busy} onClick=${() => send(`${runAddress(facts.name)}/go-on`, { data: data || null, kimg: length })}>▶ Continue<//>`;
  }
  return html`<section class="card train-control" aria-label="What can be done"><h3>Start and stop</h3>${content}<${Problem} error=${error} /></section>`;
}

function Lines({ lines, empty = "" }) {
  return lines.length ? html`<pre class="train-log" tabindex="0">${lines.join("\n")}</pre>` : html`<p class="hint">${empty}</p>`;
}

const shown = (value) => (value === null ? "none" : Array.isArray(value) ? JSON.stringify(value) : String(value));

export function Recipe({ recipe }) {
  return html`<div class="train-recipe scroll-x" tabindex="0"><table><tbody>${Object.entries(recipe).map(([name, value]) => html`<tr><th scope="row"><code>${name}</code></th><td>${shown(value)}</td></tr>`)}</tbody></table></div>`;
}
