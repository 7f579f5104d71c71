// How a training went, as a film: made in the background, played here.
import { html, useEffect, useState } from "./html.js";
import { fileAddress, getJson, isOver, postJson, useJob } from "./api.js";
import { Button, Choice, Downloads, JobProgress, Problem, Select, Slider } from "./ui.js";
import { runAddress } from "./train-run.js";

const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const KINDS = [["assessment", "Assessment"], ["learning", "Learning"]];
const WORDS = {
  assessment: "Real and painted images in the order of the discriminator's scores, the most real-looking first. Blue frames: it takes them for real; red: for painted; a dot marks the real ones.",
  learning: "What the generator paints from the same latents, while it learns.",
};

// The newest film of a run that was ordered before.
function useNewest(run, what) {
  const [id, setId] = useState(null);
  useEffect(() => {
    let gone = false;
    getJson("/api/jobs").then((jobs) => {
      const found = jobs.find((job) => job.kind === "film" && job.order.run === run && job.order.what === what && job.state !== "stopped");
      if (!gone) setId(found?.id ?? null);
    }, () => null);
    return () => { gone = true; };
  }, [run, what]);
  return [id, setId];
}

export function Film({ facts, studio }) {
  const [what, setWhat] = useState("assessment");
  const [seconds, setSeconds] = useState(12);
  const [format, setFormat] = useState("webm");
  const [data, setData] = useState(studio.datasets.includes(facts.data) ? facts.data : "");
  const [error, setError] = useState(null);
  const [id, setId] = useNewest(facts.name, what);
  const [job] = useJob(id);
  const isKept = facts.num_records > 1;
  if (!isKept && facts.snapshots.length < 2) {
    return html`<p class="hint">A film needs two moments of a training: the first snapshots are still to come.</p>`;
  }
  const make = () => {
    setError(null);
    postJson(`${runAddress(facts.name)}/film`, { what, seconds, format, data: isKept || what === "learning" ? null : data || null })
      .then((made) => setId(made.id), setError);
  };
  const file = job?.result?.film;
  const address = file && job.state === "done" ? fileAddress(job, file) : null;
  return html`
    <${Choice} label="Which film" value=${what} options=${KINDS} onChange=${setWhat} />
    <p class="hint">${WORDS[what]}</p>
    ${address && html`<div class="train-film">${file.endsWith(".gif")
      ? html`<img class="picture" src=${address} alt=${job.title} />`
      : html`<video key=${address} class="picture" src=${address} controls loop muted playsinline autoplay=${!STILL.matches} aria-label=${job.title}></video>`}</div>`}
    ${job && job.state !== "done" && html`<${JobProgress} job=${job} onStopped=${() => null} />`}
    ${address && html`<${Downloads} job=${job} />`}
    <div class="train-continue">
      <${Slider} label="Length" value=${seconds} min=${2} max=${60} step=${1} usual=${12} onChange=${setSeconds} format=${(value) => `${value} s`} />
      <${Select} label="Format" value=${format} options=${[["webm", "WebM"], ["mp4", "MP4"], ["gif", "GIF"]]} onChange=${setFormat} />
    </div>
    ${!isKept && what === "assessment" && html`<${Select} label="Real images" value=${data} options=${[["", "none: painted ones alone"], ...studio.datasets]} onChange=${setData}
      hint="This training kept no records for films: its snapshots are asked." />`}
    <${Button} kind=${address ? "" : "main"} onClick=${make} disabled=${job && !isOver(job)}>${address ? "Make it anew" : "Make the film"}<//>
    <${Problem} error=${error} />`;
}
