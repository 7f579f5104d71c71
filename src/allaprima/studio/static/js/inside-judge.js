// What the discriminator says: of this picture, and of many.
import { html, useEffect, useState } from "./html.js";
import { fileAddress, getJson, pictureAddress, postJson, useJob, useJson } from "./api.js";
import { Button, JobProgress, Problem, Select } from "./ui.js";
import { dataAddress, isAlike } from "./data.js";
import { Histogram } from "./data-sheet.js";
import { Shown, insideAddress, signed, useKept, useNewestJob } from "./inside-parts.js";

const COUNT = 256;
const ENDS = 10;

export function Judge({ wish, facts, studio, onSeed }) {
  const [answer, error, isOld] = useKept(facts.has_judge ? insideAddress("verdict", wish) : null);
  const [ranking, view] = useRanking({ wish, facts, studio });
  if (!facts.has_judge) {
    return html`<p>The file of this model holds the painter alone, so there is no critic to ask. Snapshots of a training hold the
      discriminator too: start the studio with one of those.</p>`;
  }
  if (error) return html`<${Problem} error=${error} />`;
  if (!answer) return html`<p class="starting" role="status">Asking the discriminator…</p>`;
  return html`<div><p>The discriminator was the painter's critic in training: it gives a picture a score, higher the more real it looks to it. It
      learned that against this painter alone, so a score says how a picture differs from real ones to its eye, not how good it is.</p>
    <div class="verdict" aria-busy=${isOld}>
      <${Shown} src=${answer.picture} alt="This picture">This picture<//>
      <${Shown} src=${answer.map} alt="Map of where the discriminator looks"><strong>Where it looks</strong>: a change of the bright pixels changes the score most<//>
      <p class="score"><span>Score</span> <strong>${signed(answer.score)}</strong>
        <span class="hint">${placed(answer.score, ranking)}</span></p>
    </div>
    ${view}
    ${ranking && html`<${Ranking} ranking=${ranking.content} order=${ranking.order} facts=${facts} mark=${answer.score} onSeed=${onSeed} />`}</div>`;
}

function placed(score, ranking) {
  if (!ranking) return "Rank some seeds to see whether that is much.";
  const { scores } = ranking.content;
  const below = scores.filter((each) => each < score).length;
  return `More believable than ${Math.round((100 * below) / scores.length)} % of ${scores.length} seeds.`;
}

// Names of the data sets whose images have the shape of the model's.
export function useFitting(studio, facts) {
  const [names, setNames] = useState([]);
  useEffect(() => {
    let gone = false;
    Promise.all(studio.datasets.map((name) => getJson(dataAddress(name)).catch(() => null))).then((found) => gone
      || setNames(found.filter((data) => data && isAlike(data, facts)).map((data) => data.name)));
    return () => { gone = true; };
  }, [facts.name]);
  return names;
}

// [what a finished ranking says or null, what to show of it]
function useRanking({ wish, facts, studio }) {
  const [id, setId] = useNewestJob("ranking", (order) => order.model === facts.name, facts.name);
  const [job] = useJob(id);
  const fitting = useFitting(studio, facts);
  const [wanted, setWanted] = useState(null);
  const data = wanted ?? fitting[0] ?? "";
  const [error, setError] = useState(null);
  const [content] = useJson(job?.state === "done" && job.files.includes("ranking.json") ? fileAddress(job, "ranking.json") : null);
  const start = async () => {
    setError(null);
    try {
      const order = { model: facts.name, class: mainClass(wish), truncation: wish.truncation, count: COUNT, dataset: data || null };
      setId((await postJson("/api/inside/ranking", order)).id);
    } catch (problem) { setError(problem); }
  };
  const busy = job && ["waiting", "running"].includes(job.state);
  const view = html`<section><h3>Many at once</h3>
    <div class="row ranking-line">
      ${fitting.length > 0 && html`<${Select} label="Beside real images of" value=${data} onChange=${setWanted}
        options=${[...fitting.map((name) => [name, name]), ["", "none"]]} />`}
      <${Button} kind="main" onClick=${start} disabled=${busy}>Rank ${COUNT} seeds<//>
    </div>
    ${!fitting.length && html`<p class="hint">${studio.datasets.length ? "No data set that is served here has images like this model's, to be scored beside them."
      : html`Start the studio with <code>--data</code>, and real images are scored beside them.`}</p>`}
    <${Problem} error=${error} />
    ${job && (busy || job.state === "failed") && html`<${JobProgress} job=${job} />`}</section>`;
  return [content ? { content, order: job.order } : null, view];
}

export const mainClass = (wish) => {
  const weights = Object.entries(wish.classes ?? {});
  return weights.length ? Number(weights.reduce((best, each) => (each[1] > best[1] ? each : best))[0]) : null;
};

function Ranking({ ranking, order, facts, mark, onSeed }) {
  const { seeds, scores } = ranking;
  const last = seeds.length;
  const shape = { aspectRatio: `${facts.width} / ${facts.height}` };
  const picture = (seed) => pictureAddress(facts, {
    seed, truncation: order.truncation, ...(order.class_ === null ? {} : { class: order.class_ }) });
  const row = (places) => html`<div class="strip">${places.map((place) => html`<${Shown} key=${seeds[place]} kind="small" shape=${shape} src=${picture(seeds[place])}
    alt=${`Seed ${seeds[place]}, score ${signed(scores[place])}`} onClick=${() => onSeed(seeds[place])}>seed ${seeds[place]}<br />${signed(scores[place])}<//>`)}</div>`;
  const count = Math.min(ENDS, Math.floor(last / 2));
  return html`<section><p>Seeds 0 to ${last - 1} at truncation ${order.truncation}${order.class_ === null ? "" : `, ${facts.classes[order.class_]}`}.
      ${ranking.told_apart === null ? "" : ` Of a real image and one of these, it gives the real one the higher score in ${Math.round(100 * ranking.told_apart)} % of cases.`}</p>
    <${Histogram} histogram=${ranking.histogram} mark=${mark} />
    <h4>Most believable</h4>
    ${row(Array.from({ length: count }, (_, i) => i))}
    <h4>Least believable</h4>
    ${row(Array.from({ length: count }, (_, i) => last - 1 - i))}</section>`;
}
