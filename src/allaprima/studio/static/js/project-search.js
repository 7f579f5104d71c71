// The search: the picture that is looked for, what is found so far, and how the distance between them falls.
import { html, useState } from "./html.js";
import { fileAddress, isOver } from "./api.js";
import { Button, Downloads, JobProgress, Picture, Problem } from "./ui.js";
import { keep } from "./tray.js";
import { firstWish } from "./wish.js";
import { Player } from "./walk-film.js";

const LATENTS = "latents.safetensors";
const NEARNESS = [[33, "hardly to be told apart"], [27, "near"], [22, "alike"], [17, "a likeness"], [-Infinity, "far"]]; // from so many dB

const words = (psnr) => NEARNESS.find(([from]) => psnr >= from)[1];

// Latents hold the class; the wish names one only because a wish for such a model must.
const wishOf = (job, facts) => ({
  ...firstWish(facts), found: job.id, truncation: 1, ...(job.order.class === null ? {} : { classes: { [job.order.class]: 1 } }),
});

export function Search({ facts, job, error, toPaint, onAnother }) {
  const [said, setSaid] = useState("");
  const [problem, setProblem] = useState(null);
  if (!job) return html`<p class="starting" role="status">One moment…</p><${Problem} error=${error} />`;
  const { preview, psnr, distances = [] } = job.step;
  const shown = job.files.includes("projected.png") && isOver(job) ? fileAddress(job, "projected.png")
    : job.files.includes("preview.png") ? fileAddress(job, "preview.png", preview ?? 0) : null;
  const isFound = isOver(job) && job.files.includes(LATENTS);
  const film = job.files.find((name) => name.startsWith("way."));
  const take = () => keep(wishOf(job, facts), facts).then(() => setSaid("It lies in the tray."), setProblem);
  return html`<div class="project-search">
    <div class="project-now">
      <figure><${Picture} src=${fileAddress(job, "target.png")} alt="The picture that is looked for" height=${facts.height} width=${facts.width} />
        <figcaption>Looked for</figcaption></figure>
      <figure>${shown ? html`<${Picture} src=${shown} alt="What is found" height=${facts.height} width=${facts.width} />`
          : html`<div class="project-blank" style=${{ aspectRatio: `${facts.width} / ${facts.height}` }}></div>`}
        <figcaption>${isOver(job) ? "Found" : "Found so far"}${psnr ? html`: <strong>${psnr.toFixed(1)} dB</strong>, ${words(psnr)}` : ""}</figcaption></figure>
      ${film && isFound && html`<figure class="project-way"><${Player} job=${job} name=${film} label="Film of the way" /><figcaption>The way there</figcaption></figure>`}
    </div>
    <div class="project-state">
      ${(!isFound || job.state !== "done") && html`<${JobProgress} job=${job} />`}
      ${isFound && html`<div class="project-done" role="status"><p class="lead">${job.state === "done" ? "Found." : "Stopped; what was found until then is kept."} Now it is a picture like any other here: change its layers, its directions, walk from it.</p></div>
        <div class="row"><${Button} kind="main" onClick=${() => toPaint(wishOf(job, facts))}>Take it to Paint<//>
          <${Button} onClick=${take}>Keep it in the tray<//>
          <${Button} onClick=${onAnother}>Another picture<//></div>
        <p class="hint" role="status">${said}</p>`}
      ${isOver(job) && !isFound && html`<${Button} kind="main" onClick=${onAnother}>Another picture<//>`}
      <${Problem} error=${problem ?? error} />
      <${Curve} distances=${distances} total=${job.order.steps} />
      ${isFound && html`<div class="project-files"><h2>To take away</h2>
        <${Downloads} job=${job} names=${["projected.png", "preview.png", LATENTS, "distance.csv", film].filter((name) => name && !(name === "preview.png" && job.state === "done"))} /></div>`}
    </div>
  </div>`;
}

const [WIDE, HIGH, LEFT, LOW] = [420, 150, 44, 22];

// The distance from the target, on a logarithmic scale.
function Curve({ distances, total }) {
  const values = distances.map(([, distance]) => distance).filter((distance) => distance > 0);
  const [most, least] = values.length ? [Math.max(...values), Math.min(...values)] : [1, 0.1];
  const high = most * 1.08;
  const range = Math.log(high / Math.min(least / 1.08, high / 2));
  const x = (step) => LEFT + ((WIDE - LEFT - 4) * (step - 1)) / Math.max(1, total - 1);
  const y = (distance) => ((HIGH - LOW) * Math.log(high / distance)) / range;
  const path = distances.filter(([, distance]) => distance > 0).map(([step, distance]) => `${x(step).toFixed(1)},${y(distance).toFixed(1)}`).join(" ");
  const [, last] = distances[distances.length - 1] ?? [];
  const alt = values.length ? `The distance has fallen from ${values[0]} to ${last}.` : "The distance is shown when the search has begun.";
  const short = (value) => value.toPrecision(2);
  return html`<figure class="project-curve"><svg viewBox="0 -8 ${WIDE} ${HIGH + 8}" role="img" aria-label=${alt}>
      <line x1=${LEFT} y1=${HIGH - LOW} x2=${WIDE - 4} y2=${HIGH - LOW} /><line x1=${LEFT} y1="0" x2=${LEFT} y2=${HIGH - LOW} />
      ${values.length > 0 && html`<text x=${LEFT - 6} y=${y(most) + 4} text-anchor="end">${short(most)}</text>
        ${y(least) - y(most) > 18 && html`<text x=${LEFT - 6} y=${y(least) + 4} text-anchor="end">${short(least)}</text>`}`}
      <text x=${LEFT} y=${HIGH - 6} text-anchor="start">1</text><text x=${WIDE - 4} y=${HIGH - 6} text-anchor="end">${total.toLocaleString("en")} steps</text>
      <polyline points=${path} />
    </svg><figcaption>Distance between the two, step by step: lower is nearer.</figcaption></figure>`;
}
